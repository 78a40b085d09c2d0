/** Parameters that belong to one page only. */
const PAGE_ONLY = new Set(['cursor', 'after', 'seen']);

/**
 * The relative address of another page: the same path and parameters, with what is given put in place.
 * `target`: the request's own, such as `/meetings?q=x`.
 */
export function pageAddress(
  target: string,
  put: Readonly<Record<string, string | undefined>>,
): string {
  const [path = '', search = ''] = target.split(/\?(.*)/s);
  const parameters = new URLSearchParams(search);
  for (const name of PAGE_ONLY) parameters.delete(name);
  for (const [name, value] of Object.entries(put)) {
    if (value !== undefined) parameters.set(name, value);
  }
  const text = parameters.toString();
  return text === '' ? path : `${path}?${text}`;
}
