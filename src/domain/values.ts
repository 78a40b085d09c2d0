/** Equality and change of JSON values, in which an absent field, undefined and null are the same. */

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function equalObjects(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => equal(a[key], b[key]));
}

/** Deep equality; the order of keys does not matter, that of list items does. */
export function equal(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, i) => equal(item, b[i]));
  }
  if (isObject(a) && isObject(b)) return equalObjects(a, b);
  return (a ?? null) === (b ?? null);
}

/** Without the fields that are undefined, so that a value is the same before and after JSON. */
export const compact = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as T;

/** The given fields that differ from the current ones; null is kept where it clears something. */
export const changedFields = <T extends object>(given: T, current: object): Partial<T> =>
  Object.fromEntries(
    Object.entries(given).filter(
      ([key, value]) =>
        value !== undefined && !equal(value, (current as Record<string, unknown>)[key]),
    ),
  ) as Partial<T>;

/** `current` with the given fields set; null clears, undefined leaves. Only `fields` are looked at. */
export const patched = <T extends object>(
  current: T,
  given: object,
  fields: readonly (keyof T & string)[],
): T => {
  const values = given as Record<string, unknown>;
  const set = fields
    .filter((field) => values[field] !== undefined)
    .map((field) => [field, values[field] ?? undefined]);
  return compact({ ...current, ...Object.fromEntries(set) });
};
