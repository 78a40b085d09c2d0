/**
 * The schemas of the document in the words that generators of clients know: tuples, nullable values and texts of two
 * formats are said otherwise, since many a generator takes these for something else. They mean what they meant before,
 * but for days that no month has.
 */

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type JsonObject = { readonly [key: string]: Json };

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `Y-M-D`, or that day and a time in UTC. */
const DATE_OR_INSTANT = '^\\d{4}-\\d{2}-\\d{2}(T\\d{2}:\\d{2}:\\d{2}(\\.\\d+)?Z)?$';
const WEB_ADDRESS = '^[Hh][Tt][Tt][Pp][Ss]?:';

const REF = '#/components/schemas/';
const AS_SENT = 'Input';

/** The document with its schemas in plain words, each under one name, and without those that nothing uses. */
export function plainDocument<T extends object>(document: T): T {
  const plain = everywhere(document as unknown as Json, plainSchema) as JsonObject;
  const alike = oneNamed(plain, sameNames(schemasOf(plain)));
  const named = oneNamed(alike, freeNames(schemasOf(alike)));
  return withSchemas(named, everywhere(schemasOf(named), toldDefault)) as unknown as T;
}

/** A value whose objects are rewritten, the innermost first. */
function everywhere(value: Json, rewrite: (schema: JsonObject) => JsonObject): Json {
  if (Array.isArray(value)) return value.map((part) => everywhere(part, rewrite));
  if (!isObject(value)) return value;
  const inside = Object.entries(value).map(([key, part]) => [
    key,
    // Fields by their names, which may be those of keywords: what holds them is no schema itself.
    key === 'properties' && isObject(part)
      ? everywhereIn(part, rewrite)
      : everywhere(part, rewrite),
  ]);
  return rewrite(Object.fromEntries(inside));
}

const everywhereIn = (fields: JsonObject, rewrite: (schema: JsonObject) => JsonObject): Json =>
  Object.fromEntries(
    Object.entries(fields).map(([name, schema]) => [name, everywhere(schema, rewrite)]),
  );

const withSchemas = (document: JsonObject, schemas: Json): JsonObject => ({
  ...document,
  components: { ...(document.components as JsonObject), schemas },
});

const schemasOf = (document: JsonObject): JsonObject =>
  (document.components as JsonObject).schemas as JsonObject;

/** `XInput` → X, where the two say the same. */
function sameNames(schemas: JsonObject): ReadonlyMap<string, string> {
  const text = (name: string) => JSON.stringify(schemas[name]);
  return answeredNames(schemas, (name, answered) => text(name) === text(answered));
}

/** `XInput` → X, where nothing is answered so. */
const freeNames = (schemas: JsonObject): ReadonlyMap<string, string> =>
  answeredNames(schemas, (_, answered) => schemas[answered] === undefined);

function answeredNames(
  schemas: JsonObject,
  isFit: (name: string, answered: string) => boolean,
): ReadonlyMap<string, string> {
  const sent = Object.keys(schemas).filter((name) => name.endsWith(AS_SENT));
  const pairs = sent.map((name) => [name, name.slice(0, -AS_SENT.length)] as const);
  return new Map(pairs.filter(([name, answered]) => isFit(name, answered)));
}

/** The document with other names for schemas, and only those that are used. */
function oneNamed(document: JsonObject, names: ReadonlyMap<string, string>): JsonObject {
  const named = everywhere(document, (schema) => renamed(schema, names)) as JsonObject;
  const nameOf = (name: string) => names.get(name) ?? name;
  const schemas = Object.fromEntries(
    Object.entries(schemasOf(named)).map(([name, schema]) => [nameOf(name), schema]),
  );
  const used = reached(named.paths ?? null, schemas);
  const kept = Object.entries(schemas).filter(([name]) => used.has(name));
  return withSchemas(named, Object.fromEntries(kept));
}

const plainSchema = (schema: JsonObject): JsonObject =>
  REWRITES.reduce((rewritten, rewrite) => rewrite(rewritten), schema);

const REWRITES: readonly ((schema: JsonObject) => JsonObject)[] = [
  formatted,
  needed,
  listed,
  textual,
  either,
  merged,
  nullable,
];

/** A format says what the pattern beside it spells out for every leap year; an address is none by RFC 3986. */
function formatted(schema: JsonObject): JsonObject {
  const { format, pattern: _, ...rest } = schema;
  if (format === 'date') return { ...rest, format };
  if (format === 'date-time') return { ...rest, format, pattern: 'Z$' };
  return format === 'uri' ? { ...rest, pattern: WEB_ADDRESS } : schema;
}

/** That a number is one of JavaScript's is no bound of ours, and the default of an object is that of its fields. */
function needed(schema: JsonObject): JsonObject {
  const ours = Object.entries(schema).filter(
    ([key, value]) =>
      !(key === 'minimum' && value === Number.MIN_SAFE_INTEGER) &&
      !(key === 'maximum' && value === Number.MAX_SAFE_INTEGER) &&
      !(key === 'default' && isObject(value) && Object.hasOwn(schema, 'type')),
  );
  return Object.fromEntries(ours);
}

/** A tuple of items that are alike is a list of so many. */
function listed(schema: JsonObject): JsonObject {
  const { prefixItems, items: _, ...rest } = schema;
  if (!Array.isArray(prefixItems)) return schema;
  const [first = {}] = prefixItems as readonly Json[];
  const count = prefixItems.length;
  const alike = prefixItems.every((item) => JSON.stringify(item) === JSON.stringify(first));
  return alike ? { ...rest, items: first, minItems: count, maxItems: count } : schema;
}

/** A date or an instant is one text. */
function textual(schema: JsonObject): JsonObject {
  const { anyOf, ...rest } = schema;
  if (!Array.isArray(anyOf)) return schema;
  const others = anyOf.filter((one) => !isMoment(one));
  if (anyOf.length - others.length < 2) return schema;
  const moment: JsonObject = { type: 'string', pattern: DATE_OR_INSTANT };
  return others.length === 0 ? { ...moment, ...rest } : { ...rest, anyOf: [moment, ...others] };
}

const isMoment = (schema: Json): boolean =>
  isObject(schema) && (schema.format === 'date' || schema.format === 'date-time');

/** That no two fit at once shows by their fields; a list of such has no type in C#. */
function either({ oneOf, ...schema }: JsonObject): JsonObject {
  return oneOf === undefined ? schema : { ...schema, anyOf: oneOf };
}

/** Values of different types, such as a text or null, are one schema: each keyword speaks of its own type alone. */
function merged(schema: JsonObject): JsonObject {
  const { anyOf, ...rest } = schema;
  const values = Array.isArray(anyOf) ? anyOf.filter(isScalar) : [];
  const types = values.map(({ type }) => type ?? null);
  if (values.length < 2 || values.length !== (anyOf as readonly Json[]).length) return schema;
  if (new Set(types).size < types.length) return schema;
  const isMixed = types.filter((type) => type !== 'null').length > 1;
  // Numbers or words: as one schema, generators take the one and write the other's default.
  if (isMixed && values.some(isBounded)) return schema;
  const keywords = values.map((value) => (isMixed ? mixed(value) : orNull(value)));
  // A generator that knows one type only takes the first, and everything can be read as text.
  const textFirst = types.toSorted((a, b) => Number(b === 'string') - Number(a === 'string'));
  return Object.assign({}, ...keywords, rest, { type: textFirst }) as JsonObject;
}

const SCALARS: ReadonlySet<unknown> = new Set(['string', 'integer', 'number', 'boolean', 'null']);
const isScalar = (schema: Json): schema is JsonObject =>
  isObject(schema) && SCALARS.has(schema.type);

const isBounded = (schema: JsonObject): boolean => schema.maximum !== undefined;

function orNull({ enum: values, const: only, ...rest }: JsonObject): JsonObject {
  if (Array.isArray(values)) return { ...rest, enum: [...values, null] };
  return only === undefined ? rest : { ...rest, enum: [only, null] };
}

/** `enum` and `const` would speak of all types. */
function mixed({ enum: values, const: only, ...rest }: JsonObject): JsonObject {
  if (only === true) return { ...rest, not: { const: false } };
  return Array.isArray(values) ? { ...rest, pattern: `^(${values.join('|')})$` } : rest;
}

/** What has a name or fields, or is a list, is that or null: never both. */
function nullable(schema: JsonObject): JsonObject {
  const { anyOf, ...rest } = schema;
  const isPair = Array.isArray(anyOf) && anyOf.length === 2;
  return isPair && anyOf.some((one) => isObject(one) && one.type === 'null')
    ? { ...rest, oneOf: anyOf }
    : schema;
}

/**
 * Defaults of what is sent, in words: a generator cannot know that a schema with a name is only ever sent, and takes
 * what has a default for something that is always there.
 */
function toldDefault({ default: preset, ...schema }: JsonObject): JsonObject {
  if (preset === undefined) return schema;
  const { description = '' } = schema;
  return { ...schema, description: `${description} Default: ${JSON.stringify(preset)}.`.trim() };
}

/** A reference to a schema that has another name. */
function renamed(schema: JsonObject, names: ReadonlyMap<string, string>): JsonObject {
  const other = names.get(refOf(schema) ?? '');
  return other === undefined ? schema : { ...schema, $ref: `${REF}${other}` };
}

/** The name of the schema that a reference is to. */
function refOf({ $ref: ref }: JsonObject): string | undefined {
  return typeof ref === 'string' && ref.startsWith(REF) ? ref.slice(REF.length) : undefined;
}

/** Names of the schemas that are used in a value, and of those that these use. */
function reached(value: Json, schemas: JsonObject, names = new Set<string>()): Set<string> {
  if (Array.isArray(value)) for (const part of value) reached(part, schemas, names);
  if (!isObject(value)) return names;
  const name = refOf(value);
  if (name !== undefined && !names.has(name)) {
    names.add(name);
    reached(schemas[name] ?? null, schemas, names);
  }
  for (const part of Object.values(value)) reached(part, schemas, names);
  return names;
}
