import fc from 'fast-check';
import { MEETING, REPORT } from './facts.ts';
import type { JsonSchema, OpenApi, Route } from './openapi.ts';
import { routesOf } from './openapi.ts';
import { TOKENS } from './world.ts';

/** Requests made from the OpenAPI document, of which every part may be right, wrong or vicious. */
export interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly raw: string | Uint8Array | undefined;
}

const VICIOUS = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  '\udc00a',
  '\u202eevil',
  '\r\nX-Evil: 1',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '../../etc/passwd',
  "' OR 1=1 --",
  '"; DROP TABLE meetings',
  'NEAR(a b) AND * OR "',
  '%00',
  '%',
  '{{7*7}}',
  '<script>',
  'true',
  'null',
  '0',
  '-1',
  '1e309',
  'NaN',
  '9'.repeat(400),
  'a'.repeat(5_000),
  `${'a-'.repeat(2_000)}!`,
  `${'0'.repeat(3_000)}-01-01T00:00:00Z`,
  `https://${'a.'.repeat(900)}\u0000`,
  '🜍'.repeat(300),
  '0000-01-01',
  '0000-01-01T00:00:00Z',
  '9999-12-31',
  '9999-12-31T23:59:59.999999999Z',
  '2022-02-30',
  '2021-11-22T08:00:00+02:00',
  '00000000-0000-0000-0000-000000000000',
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
  'Z',
  '0~1~2~3~4',
  '1~9007199254740993~0~a',
];

const text = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...VICIOUS) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  { weight: 1, arbitrary: fc.string({ maxLength: 300 }) },
);

/** Arrays and objects in one another, as deep as parsers must bear. */
function nested(depth: number): unknown {
  let value: unknown = 'deep';
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

const viciousJson = fc.oneof(
  text,
  fc.jsonValue({ maxDepth: 4 }),
  fc.constantFrom<unknown>(null, true, 0, -0, -1, 1.5, 2 ** 53, 1e308, 5e-324, [], {}),
  fc.constantFrom(20, 500, 3_000).map(nested),
  fc.dictionary(text, fc.jsonValue(), { maxKeys: 5 }),
  fc.array(text, { maxLength: 300 }),
);

/** What most likely is right for a text: ids that are there, and values of the formats. */
const LIKELY = [
  MEETING.id,
  REPORT.id,
  'talks',
  'Talks',
  'CH',
  'en',
  '2021-11-21',
  '2022-08',
  '2022-03-21/2022-03-25',
  '2022-03-21T10:00',
  'Europe/Zurich',
  '2021-11-21T08:00:00Z',
  'https://calendar.example/',
  'https://[::1]/',
];

/** Values for a schema; `odd` of a hundred parts are anything at all. */
class Maker {
  readonly #odd: number;

  constructor(odd: number) {
    this.#odd = odd;
  }

  of(schema: JsonSchema): fc.Arbitrary<unknown> {
    const right = { weight: 100 - this.#odd, arbitrary: this.#right(schema) };
    return fc.oneof(right, { weight: this.#odd, arbitrary: viciousJson });
  }

  #right(schema: JsonSchema): fc.Arbitrary<unknown> {
    const choices = (schema.anyOf ?? schema.oneOf) as readonly JsonSchema[] | undefined;
    if (choices !== undefined) return fc.oneof(...choices.map((choice) => this.of(choice)));
    if (schema.const !== undefined) return fc.constant(schema.const);
    if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum);
    return this.#typed(schema);
  }

  #typed(schema: JsonSchema): fc.Arbitrary<unknown> {
    switch (schema.type) {
      case 'string':
        return this.#string(schema);
      case 'integer':
        return fc.integer({ min: -1, max: 600 });
      case 'number':
        return fc.double({ min: -200, max: 200 });
      case 'boolean':
        return fc.boolean();
      case 'null':
        return fc.constant(null);
      case 'array':
        return fc.array(this.of((schema.items ?? {}) as JsonSchema), { maxLength: 3 });
      case 'object':
        return this.#record(schema);
      default:
        return viciousJson;
    }
  }

  #string({ pattern, format }: JsonSchema): fc.Arbitrary<string> {
    const start = format === 'uri' ? 'https' : '';
    const fitting = LIKELY.filter(
      (value) => value.startsWith(start) && new RegExp(`${pattern ?? ''}`).test(value),
    );
    return fitting.length === 0 ? text : fc.constantFrom(...fitting);
  }

  /** What may be left out is there in one of four; JSON has no undefined. */
  #record({ properties, required }: JsonSchema): fc.Arbitrary<unknown> {
    const needed = (required ?? []) as readonly string[];
    const fields = Object.entries((properties ?? {}) as Record<string, JsonSchema>);
    const made = fields.map(([name, schema]) => {
      const value = this.of(schema);
      const absent = { weight: 3, arbitrary: fc.constant(undefined) };
      return [name, needed.includes(name) ? value : fc.oneof(absent, value)] as const;
    });
    return fc.record(Object.fromEntries(made));
  }
}

const right = new Maker(0);
const odd = new Maker(5);

const rarely = <T>(arbitrary: fc.Arbitrary<T>, usual: T): fc.Arbitrary<T> =>
  fc.oneof({ weight: 12, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary });

/** Text as it may stand in a target: what cannot is percent-encoded, the rest may be left as it is. */
const inTarget = (value: string, encoded: boolean): string =>
  encoded
    ? encodeURIComponent(value.toWellFormed())
    : value.toWellFormed().replace(/[^!-~]/gu, (character) => encodeURIComponent(character));

const segment = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(MEETING.id, REPORT.id, 'talks', 'gone', 'bootstrap') },
  {
    weight: 1,
    arbitrary: fc.tuple(text, fc.boolean()).map(([value, encoded]) => inTarget(value, encoded)),
  },
);

function pathOf({ path }: Route): fc.Arbitrary<string> {
  const parts = path.split(/(\{\w+\})/);
  return fc
    .tuple(...parts.map((part) => (part.startsWith('{') ? segment : fc.constant(part))))
    .map((filled) => filled.join(''));
}

const asText = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? '');

function queryOf({ operation }: Route): fc.Arbitrary<string> {
  const known = (operation.parameters ?? []).filter((parameter) => parameter.in === 'query');
  const pairs = known.map(({ name, schema }) => fc.tuple(fc.constant(name), odd.of(schema)));
  const unknown = { weight: 1, arbitrary: fc.tuple(text, text) };
  const pair = fc.oneof(...pairs.map((arbitrary) => ({ weight: 3, arbitrary })), unknown);
  return fc
    .array(fc.tuple(pair, fc.boolean()), { maxLength: 4 })
    .map((chosen) =>
      chosen
        .flatMap(([[name, value], encoded]) =>
          (Array.isArray(value) ? value : [value]).map(
            (one) => `${inTarget(name, encoded)}=${inTarget(asText(one), encoded)}`,
          ),
        )
        .join('&')
        .slice(0, 6_000),
    )
    .map((query) => (query === '' ? '' : `?${query}`));
}

/** Header values as a client can send them (RFC 9110 §5.5). */
const inHeader = (value: string): string =>
  value.replace(/[^\t\x20-\x7e\x80-\xff]/g, '?').slice(0, 2_000);

const field = (...usual: string[]) =>
  fc.oneof(
    fc.constantFrom(...usual),
    fc.array(fc.constantFrom(...usual), { minLength: 2, maxLength: 3 }),
    text.map(inHeader),
  );

const tokens = Object.values(TOKENS).map((token) => `Bearer ${token}`);

/** One or two headers that are wrong, or right and rare. */
const oddHeaders = fc
  .subarray(
    [
      ['authorization', field('Basic x', ...tokens)],
      ['content-type', field('text/plain', 'application/json;charset=utf-16')],
      ['idempotency-key', field('key', 'k'.repeat(200), 'k'.repeat(201))],
      ['if-match', field('*', '"r0-abc"', 'W/"r0-abc"', '"r0-a", "r1-b"', '"')],
      ['if-none-match', field('*', '"abc"', 'W/"abc", "d"', '"')],
      ['accept-encoding', field('gzip', 'gzip;q=0', '*', 'br')],
      ['accept', field('text/html', '*/*;q=0')],
      ['range', field('bytes=0-1', 'bytes=9-1')],
      ['host', field('evil.example', 'evil.example:99999')],
      ['last-event-id', field('00000000-0000-4000-8000-000000000000')],
    ] as const,
    { minLength: 1, maxLength: 2 },
  )
  .chain((chosen) => fc.record(Object.fromEntries(chosen)));

const headers = fc
  .tuple(fc.constantFrom(...tokens), fc.option(oddHeaders, { freq: 3, nil: {} }))
  .map(([authorization, odd]) => ({ authorization, 'content-type': 'application/json', ...odd }));

/** JSON with something cut out of it, or put into it. */
const broken = (json: string): fc.Arbitrary<string> =>
  fc
    .tuple(fc.nat(json.length), fc.nat(10), text)
    .map(([at, length, put]) => json.slice(0, at) + put + json.slice(at + length));

function bodyOf({ operation }: Route): fc.Arbitrary<string | Uint8Array | undefined> {
  const schema = Object.values(operation.requestBody?.content ?? {})[0]?.schema ?? {};
  const json = (value: unknown) => JSON.stringify(value) ?? '';
  return fc.oneof(
    { weight: 8, arbitrary: right.of(schema).map(json) },
    { weight: 8, arbitrary: odd.of(schema).map(json) },
    { weight: 2, arbitrary: viciousJson.map(json) },
    { weight: 2, arbitrary: right.of(schema).map(json).chain(broken) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
    { weight: 1, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constant('{"__proto__":{"title":"a"},"title":"b","title":"c"}') },
  );
}

const OTHER_METHODS = [
  'HEAD',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'POST',
  'GET',
];

const takesQuery = ({ operation }: Route): boolean =>
  operation.parameters?.some((parameter) => parameter.in === 'query') ?? false;

function requestTo(route: Route): fc.Arbitrary<Request> {
  const reads = route.method === 'get';
  return fc.record({
    method: rarely(fc.constantFrom(...OTHER_METHODS), route.method.toUpperCase()),
    path: fc
      .tuple(pathOf(route), takesQuery(route) ? queryOf(route) : rarely(queryOf(route), ''))
      .map((parts) => parts.join('')),
    headers,
    raw: reads ? rarely(bodyOf(route), undefined) : bodyOf(route),
  });
}

/** A request to any route of the document; more of those that make something, on which the others work. */
export const hostileRequest = (document: OpenApi): fc.Arbitrary<Request> =>
  fc.oneof(
    ...routesOf(document).map((route) => ({
      weight: '201' in route.operation.responses ? 5 : 1,
      arbitrary: requestTo(route),
    })),
  );

/** Bytes of a request, with some of them changed. */
export const hostileBytes: fc.Arbitrary<Uint8Array> = fc
  .tuple(
    fc.constantFrom(
      'GET /meetings?limit=1 HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n',
      'POST /meetings HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}',
      'POST /meetings HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
      'HEAD http://a/ HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, upgrade\r\nUpgrade: h2c\r\n\r\n',
    ),
    fc.array(fc.tuple(fc.nat(120), fc.nat(3), fc.uint8Array({ maxLength: 4 })), { maxLength: 4 }),
  )
  .map(([request, changes]) => {
    let bytes = Buffer.from(request);
    for (const [at, length, put] of changes) {
      bytes = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + length)]);
    }
    return bytes;
  });
