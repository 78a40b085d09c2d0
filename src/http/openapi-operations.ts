import { operationIdOf } from './operation-ids.ts';

/** What operations have in common, so that their routes need not say it: headers, conditions, who may ask. */

interface Response {
  readonly description: string;
  readonly headers?: object;
  readonly content?: Readonly<Record<string, { readonly schema?: object }>>;
}

interface Operation {
  readonly tags?: readonly string[];
  readonly parameters?: readonly object[];
  readonly security?: readonly object[];
  readonly requestBody?: { readonly content: Response['content'] };
  readonly responses: Readonly<Record<string, Response>>;
}

interface Document {
  readonly components?: object;
  readonly paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

const text = { type: 'string' } as const;
const HEADERS = {
  ETag: {
    description:
      'Names what was answered: for If-None-Match, and, to editors, a revision for If-Match.',
    schema: text,
  },
  Link: { description: 'The next page, as `next` has it (RFC 8288).', schema: text },
  Location: { description: 'Where the entry is, or how the work goes.', schema: text },
  'Chancery-Event': {
    description: 'The event that was written, which any read takes as `seen`.',
    schema: { type: 'string', format: 'uuid' },
  },
  'Retry-After': {
    description: 'Seconds after which to ask again: with 429 and 503.',
    schema: { type: 'integer' },
  },
  'WWW-Authenticate': { description: 'With 401.', schema: text },
  Allow: { description: 'With 405: the methods that the address has.', schema: text },
} as const;
type HeaderName = keyof typeof HEADERS;

const PREFIX = '#/components/headers/';
const withHeaders = (response: Response, names: readonly HeaderName[]): Response =>
  names.length === 0
    ? response
    : {
        ...response,
        headers: Object.fromEntries(names.map((name) => [name, { $ref: `${PREFIX}${name}` }])),
      };

const TAGS = {
  Meetings: 'What is planned and what took place, and how it moved.',
  Announcements: 'What was published or said about meetings, and how it agrees with the calendar.',
  Filters: 'What lists can be filtered by.',
  Changes: 'What happened, in order: as a list, an Atom feed and a stream.',
  Calendars: 'For calendar programs (iCalendar, RFC 5545).',
  Feeds: 'Saved calendars, public ones and those that only their address opens.',
  Writing: 'For editors. Every write may be repeated safely with an Idempotency-Key.',
  Tokens: 'For admins.',
  Operation: 'Health, metrics, and replay.',
  Pages: 'For people, and this document.',
} as const;

const CHANGING: ReadonlySet<string> = new Set(['Writing', 'Feeds', 'Tokens']);
/** Whose answers are of this moment, or are never the same twice. */
const UNVALIDATED: ReadonlySet<string> = new Set(['Operation', 'Tokens', 'Writing']);
const STREAM = 'text/event-stream';
const JSON_TYPE = 'application/json';

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  200: 'What was asked for, or what was written as it is now.',
  201: 'It is there now.',
  202: 'It is under way.',
};

/** The document with what all operations share. */
export function completeDocument<T extends object>(document: T): T {
  const { components, paths = {} } = document as Document;
  const completed = Object.entries(paths).map(([path, operations]) => [
    path,
    Object.fromEntries(
      Object.entries(operations).map(([method, operation]) => [
        method,
        { operationId: operationIdOf(method, path), ...completeOperation(method, operation) },
      ]),
    ),
  ]);
  return {
    ...document,
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    components: { ...components, headers: HEADERS },
    paths: Object.fromEntries(completed),
  };
}

function completeOperation(method: string, given: Operation): Operation {
  const { responses, parameters = [], security = [], requestBody } = given;
  const operation: Operation = {
    ...given,
    ...(requestBody && { requestBody: bodyOf(requestBody) }),
  };
  const answers = Object.entries(responses).map(
    ([status, response]) =>
      [
        status,
        withHeaders(described(status, response), headersOf(method, operation, status)),
      ] as const,
  );
  if (!isValidated(method, operation)) {
    return { ...operation, security, responses: Object.fromEntries(answers) };
  }
  return {
    ...operation,
    security,
    parameters: [...parameters, IF_NONE_MATCH],
    responses: {
      ...Object.fromEntries(answers),
      304: withHeaders(UNCHANGED, readHeaders(operation, '200')),
    },
  };
}

/** None at all is an empty one, which does where no field is required. */
function bodyOf({ content }: NonNullable<Operation['requestBody']>) {
  const schema = content?.[JSON_TYPE]?.schema as { readonly required?: readonly string[] };
  return { content, required: (schema.required ?? []).length > 0 };
}

const IF_NONE_MATCH = {
  ...{ in: 'header', name: 'If-None-Match', required: false, schema: text },
  description: 'The ETag of what you have: 304, without a body, while it is the same.',
};
const UNCHANGED: Response = { description: 'You have it already.' };

const described = (status: string, response: Response): Response => ({
  ...response,
  description:
    response.description === 'Default Response'
      ? (DESCRIPTIONS[status] ?? response.description)
      : response.description,
});

/** Whether an answer has a tag, by which to ask again. */
function isValidated(method: string, { tags = [], responses }: Operation): boolean {
  const isStream = responses[200]?.content?.[STREAM] !== undefined;
  return method === 'get' && !isStream && !tags.some((tag) => UNVALIDATED.has(tag));
}

function headersOf(method: string, operation: Operation, status: string): readonly HeaderName[] {
  if (status === 'default') return ['Retry-After', 'WWW-Authenticate', 'Allow'];
  if (method === 'get') return readHeaders(operation, status);
  const { tags = [] } = operation;
  if (!tags.some((tag) => CHANGING.has(tag))) return isBegun(method, status) ? ['Location'] : [];
  const written: readonly HeaderName[] =
    status === '200' ? ['Chancery-Event'] : ['Location', 'Chancery-Event'];
  return status !== '202' && tags.includes('Writing') ? ['ETag', ...written] : written;
}

/** Work that goes on after the answer. */
const isBegun = (method: string, status: string): boolean => method === 'post' && status === '202';

function readHeaders(operation: Operation, status: string): readonly HeaderName[] {
  if (status !== '200') return status === '503' ? ['Retry-After'] : [];
  const names: HeaderName[] = isValidated('get', operation) ? ['ETag'] : [];
  if (isList(operation)) names.push('Link');
  return names;
}

function isList({ responses }: Operation): boolean {
  const schema = responses[200]?.content?.[JSON_TYPE]?.schema as
    | { readonly properties?: object }
    | undefined;
  return schema?.properties !== undefined && 'next' in schema.properties;
}
