/** RFC 9457 problems: the one shape of every error, and the one table of codes. */

interface ProblemKind {
  readonly status: number;
  readonly title: string;
  /** What to do about it, for the page behind `type`. */
  readonly cure: string;
}

export const PROBLEMS = {
  'validation-failed': {
    status: 400,
    title: 'The request is not valid',
    cure: '`errors` names each wrong parameter, header or field and says what it must be. Unknown names are refused, because a misspelt filter must not widen a result.',
  },
  'malformed-json': {
    status: 400,
    title: 'The body is not JSON',
    cure: 'Send one JSON object in UTF-8 (RFC 8259).',
  },
  unauthenticated: {
    status: 401,
    title: 'A valid token is needed',
    cure: 'Send `Authorization: Bearer <token>` with a token that is neither revoked nor expired, or leave the header out to read what is public.',
  },
  forbidden: {
    status: 403,
    title: 'The token does not allow this',
    cure: 'Writing takes a token of role editor, the raw log and the metrics one of role admin, and nobody classifies above their own ceiling.',
  },
  'not-found': {
    status: 404,
    title: 'There is nothing here',
    cure: 'Check the address and the id. An entry that is not visible to your token answers in the same way as one that does not exist.',
  },
  gone: {
    status: 410,
    title: 'It was here and is gone',
    cure: 'A withdrawn meeting was entered in error; of a merged one `into` names the survivor, if you may see it. A cursor that is gone: start again without it.',
  },
  'id-taken': {
    status: 409,
    title: 'The id was used before',
    cure: 'Ids are never reused: choose another one, or leave it out.',
  },
  rejected: {
    status: 409,
    title: 'A rule of the calendar refuses this',
    cure: '`rule` names the rule and `detail` says what to do instead.',
  },
  'revision-conflict': {
    status: 412,
    title: 'It has changed since you read it',
    cure: 'Read it again, decide again, and send the new ETag in If-Match.',
  },
  'body-too-large': {
    status: 413,
    title: 'The body is too large',
    cure: 'Send less at once; `detail` says how much is taken.',
  },
  'unsupported-media-type': {
    status: 415,
    title: 'The body is of another type than JSON',
    cure: 'Send `Content-Type: application/json`.',
  },
  'method-not-allowed': {
    status: 405,
    title: 'This address does not take this method',
    cure: 'The Allow header lists the methods that it takes.',
  },
  'rate-limited': {
    status: 429,
    title: 'Too many requests',
    cure: 'Wait for as many seconds as Retry-After says.',
  },
  internal: {
    status: 500,
    title: 'A fault of the server',
    cure: 'It has been logged under the id in `instance`. Report it to the operator, and try again later.',
  },
  'store-unavailable': {
    status: 503,
    title: 'The event store does not answer',
    cure: 'Repeat the request with the same Idempotency-Key after as many seconds as Retry-After says.',
  },
  'view-behind': {
    status: 503,
    title: 'The views are not that far yet',
    cure: 'Repeat the request after as many seconds as Retry-After says.',
  },
  overloaded: {
    status: 503,
    title: 'Too much to do at once',
    cure: 'Repeat the request with the same Idempotency-Key after as many seconds as Retry-After says.',
  },
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof PROBLEMS;

export const isProblemCode = (code: unknown): code is ProblemCode =>
  typeof code === 'string' && Object.hasOwn(PROBLEMS, code);

/** One wrong value of the request: the parameter's or header's name, or a JSON pointer into the body. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

/** Members beyond those that every problem has (RFC 9457 §3.2). */
export interface ProblemMembers {
  readonly errors?: readonly FieldError[];
  readonly rule?: string;
  readonly expected?: number | string | null;
  readonly actual?: number | string | null;
  /** The survivor of a merge. */
  readonly into?: string | null;
  readonly links?: { readonly into: string };
  readonly instance?: string;
}

/** An answer that is not the one asked for. `detail` says what to do. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly members: ProblemMembers;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: ProblemCode,
    detail: string,
    members: ProblemMembers = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail);
    this.code = code;
    this.members = members;
    this.headers = headers;
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }
}

/** A 400 about one value; `path` is '' when it is about the whole. */
export const invalid = (path: string, message: string): Problem =>
  new Problem('validation-failed', path === '' ? message : `${path}: ${message}`, {
    errors: [{ path, message }],
  });

/** The body of a problem (RFC 9457 §3.1). A 400 about nothing in particular is about the whole request. */
export const problemBody = ({ code, status, message, members }: Problem): object => ({
  type: `/problems/${code}`,
  title: PROBLEMS[code].title,
  status,
  detail: message,
  code,
  ...(status === 400 ? { errors: [{ path: '', message }] } : {}),
  ...members,
});
