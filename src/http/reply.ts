import type { FastifyReply, FastifyRequest } from 'fastify';
import { namesOneOf } from './etag.ts';
import { type Problem, problemBody } from './problem.ts';

/** Headers that every answer has: it is data, and nothing in it may run, be framed or be guessed at. */
export const SAFE_HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
} as const;

/** Final bytes with their validator; made once, sent often. */
export interface Representation {
  readonly bytes: Buffer;
  readonly etag: string;
  /** All headers of a 200, lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Those that a 304 repeats (RFC 9110 §15.4.5). */
  readonly headers304: Readonly<Record<string, string>>;
  /** Tags of the same content in other encodings. */
  readonly otherTags?: readonly string[];
  /** Confidential entries that it shows, as `meeting-<id>` and `announcement-<id>`. */
  readonly confidential?: readonly string[];
}

const REPEATED = ['etag', 'cache-control', 'vary', 'link'];

/** A representation of bytes. `special`: content type, caching, and whatever else belongs to it. */
export function representation(
  bytes: Buffer,
  etag: string,
  special: Readonly<Record<string, string>>,
  otherTags: readonly string[] = [],
): Representation {
  const headers: Record<string, string> = {
    ...special,
    'content-length': String(bytes.length),
    etag,
  };
  const repeated = REPEATED.flatMap((name) =>
    headers[name] === undefined ? [] : [[name, headers[name]] as const],
  );
  return { bytes, etag, headers, headers304: Object.fromEntries(repeated), otherTags };
}

/** Answers 200 with the bytes, or 304 when If-None-Match names them. HEAD is the framework's. */
export function sendRepresentation(
  request: FastifyRequest,
  reply: FastifyReply,
  answer: Representation,
): FastifyReply {
  const field = request.headers['if-none-match'];
  if (field !== undefined && namesOneOf(field, [answer.etag, ...(answer.otherTags ?? [])])) {
    return reply.code(304).headers(answer.headers304).send();
  }
  return reply.headers(answer.headers).send(answer.bytes);
}

/** Answers JSON that nobody may keep: the state of the service at this moment. */
export const sendNow = (reply: FastifyReply, status: number, body: object): FastifyReply =>
  reply
    .code(status)
    .headers({
      ...SAFE_HEADERS,
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      vary: 'Authorization',
    })
    .send(Buffer.from(JSON.stringify(body)));

/** Answers a problem as `application/problem+json`. */
export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  return reply
    .code(problem.status)
    .headers({
      ...SAFE_HEADERS,
      'cache-control': 'no-store',
      vary: 'Authorization',
      ...problem.headers,
      'content-type': 'application/problem+json',
    })
    .send(Buffer.from(JSON.stringify(problemBody(problem))));
}
