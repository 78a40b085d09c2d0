import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { namesOneOf } from './etag.ts';
import { type Problem, problemBody } from './problem.ts';

/** Headers that every answer has: it is data, and nothing in it may run, be framed or be guessed at. */
export const SAFE_HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
} as const;

/** What an answer says of its bytes; made once, sent often. */
export interface Described {
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

/** Final bytes with their validator. */
export interface Representation extends Described {
  readonly bytes: Buffer;
}

const REPEATED = ['etag', 'cache-control', 'vary', 'link'];

/** A representation of bytes. `special`: content type, caching, and whatever else belongs to it. */
export const representation = (
  bytes: Buffer,
  etag: string,
  special: Readonly<Record<string, string>>,
): Representation => ({
  bytes,
  ...described(etag, { ...special, 'content-length': String(bytes.length) }),
});

/** The headers of some bytes; as for a representation, but for the length, which is then to be said. */
export function described(
  etag: string,
  special: Readonly<Record<string, string>>,
  otherTags: readonly string[] = [],
): Described {
  const headers: Record<string, string> = { ...special, etag };
  const repeated = REPEATED.flatMap((name) =>
    headers[name] === undefined ? [] : [[name, headers[name]] as const],
  );
  return { etag, headers, headers304: Object.fromEntries(repeated), otherTags };
}

/** Answers 200 with the bytes, or 304 when If-None-Match names them. HEAD is the framework's. */
export const sendRepresentation = (
  request: FastifyRequest,
  reply: FastifyReply,
  answer: Representation,
): FastifyReply =>
  isKnown(request.headers, answer)
    ? sendUnchanged(reply, answer)
    : reply.headers(answer.headers).send(answer.bytes);

/** Whether the caller says that it has these bytes, in any encoding. */
export function isKnown(asked: IncomingHttpHeaders, { etag, otherTags = [] }: Described): boolean {
  const field = asked['if-none-match'];
  return field !== undefined && namesOneOf(field, [etag, ...otherTags]);
}

/** By hand: to HEAD, the framework would add a Content-Length of 0, which the bytes do not have (RFC 9110 §8.6). */
export function sendUnchanged(reply: FastifyReply, { headers304 }: Described): FastifyReply {
  reply.hijack();
  reply.raw.writeHead(304, withOwn(reply, headers304)).end();
  return reply;
}

/** The headers of an answer that is written by hand, with those that hooks have set; Vary is of both. */
export function withOwn(
  reply: FastifyReply,
  headers: Readonly<Record<string, string>>,
): Record<string, string> {
  const set = reply.getHeaders() as Record<string, string>;
  const vary = [headers.vary, set.vary].filter((names) => names !== undefined).join(', ');
  return { ...set, ...headers, ...(vary === '' ? {} : { vary }) };
}

/**
 * Answers 200 with bytes that lie in many buffers. All are handed to the connection at once, by reference:
 * they go out in one system call where they fit, and wait for a slow reader without being copied.
 */
export function sendChunks(
  reply: FastifyReply,
  { headers }: Described,
  chunks: readonly Buffer[],
): FastifyReply {
  const length = String(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, withOwn(reply, { ...headers, 'content-length': length }));
  // The body of an answer to HEAD is dropped by the server itself.
  for (const chunk of chunks) raw.write(chunk);
  raw.end();
  return reply;
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
