/**
 * Whether an Accept-Encoding field asks for gzip: named, or covered by `*`, with a weight above zero and not
 * below that of the plain bytes (RFC 9110 §12.5.3). No field asks for nothing.
 */
export function prefersGzip(field: string | undefined): boolean {
  if (field === undefined || field === '') return false;
  const weights = new Map(field.split(',').map(weightOf));
  const gzip = weights.get('gzip') ?? weights.get('x-gzip') ?? weights.get('*') ?? 0;
  const identity = weights.get('identity') ?? 0;
  return gzip > 0 && gzip >= identity;
}

function weightOf(element: string): readonly [string, number] {
  const [coding = '', ...parameters] = element.split(';').map((part) => part.trim().toLowerCase());
  const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
  if (weight === undefined) return [coding, 1];
  // A weight that cannot be read asks for nothing.
  return [coding, /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(weight) ? Number(weight) : 0];
}
