/** Equality and change of JSON values, in which an absent field, undefined and null are the same. */

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

// Loops and not lists of keys: views ask this of every event.
function equalObjects(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  for (const key in a) if (!equal(a[key], b[key])) return false;
  for (const key in b) if (!Object.hasOwn(a, key) && !equal(undefined, b[key])) return false;
  return true;
}

/** Deep equality; the order of keys does not matter, that of list items does. */
export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, i) => equal(item, b[i]));
  }
  if (isObject(a) && isObject(b)) return equalObjects(a, b);
  return (a ?? null) === (b ?? null);
}

/** Without the fields that are undefined, so that a value is the same before and after JSON. */
export function compact<T extends object>(value: T): T {
  const fields = value as Record<string, unknown>;
  const kept: Record<string, unknown> = {};
  for (const key in fields) if (fields[key] !== undefined) kept[key] = fields[key];
  return kept as T;
}

/** The given fields that differ from the current ones; null is kept where it clears something. */
export const changedFields = <T extends object>(given: T, current: object): Partial<T> =>
  Object.fromEntries(
    Object.entries(given).filter(
      ([key, value]) =>
        value !== undefined && !equal(value, (current as Record<string, unknown>)[key]),
    ),
  ) as Partial<T>;

/** `current` with the given fields set; null clears, undefined leaves. Only `fields` are looked at. Itself when none is given. */
export function patched<T extends object>(
  current: T,
  given: object,
  fields: readonly (keyof T & string)[],
): T {
  const values = given as Record<string, unknown>;
  let set: Record<string, unknown> | undefined;
  for (const field of fields) {
    const value = values[field];
    if (value === undefined) continue;
    set ??= { ...current } as Record<string, unknown>;
    if (value === null) delete set[field];
    else set[field] = value;
  }
  return (set ?? current) as T;
}
