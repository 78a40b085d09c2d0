import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CalendarText } from './deps.ts';
import { prefersGzip } from './encoding.ts';
import { gzipTag } from './etag.ts';
import {
  type Described,
  described,
  isKnown,
  SAFE_HEADERS,
  sendChunks,
  sendUnchanged,
} from './reply.ts';

/** A calendar over HTTP: either encoding, its validators, and for how long it is fresh. */
export interface CalendarAnswer {
  readonly text: CalendarText;
  readonly disposition: string;
  /** The Cache-Control, which a 304 carries too (RFC 9110 §15.4.5). */
  readonly caching: string;
  /** Called before bytes are sent. @throws {Problem} rate-limited */
  readonly admit?: () => void;
}

type Encoding = 'plain' | 'gzip';

const encodingFor = (headers: IncomingHttpHeaders): Encoding =>
  prefersGzip(headers['accept-encoding']) ? 'gzip' : 'plain';

/** As one route sends a text. */
interface Made {
  readonly disposition: string;
  readonly answer: Described;
}

/** Headers are made once for each text; the text is the same object while nothing changed. */
const made: Readonly<Record<Encoding, WeakMap<CalendarText, Made>>> = {
  plain: new WeakMap(),
  gzip: new WeakMap(),
};

/** All headers but the length: a 304 needs none, and a length of compressed bytes is known late. */
function headersOf(text: CalendarText, encoding: Encoding, disposition: string): Described {
  const known = made[encoding].get(text);
  if (known?.disposition === disposition) return known.answer;
  const answer = describe(text, encoding, disposition);
  made[encoding].set(text, { disposition, answer });
  return answer;
}

function describe(text: CalendarText, encoding: Encoding, disposition: string): Described {
  // A client may hold either encoding: each is as fresh as the other.
  const tags = [text.etag, gzipTag(text.etag)] as const;
  return described(
    tags[encoding === 'gzip' ? 1 : 0],
    {
      ...SAFE_HEADERS,
      'content-type': 'text/calendar; charset=utf-8',
      'content-disposition': disposition,
      vary: 'Accept-Encoding',
      ...(encoding === 'gzip' ? { 'content-encoding': 'gzip' } : {}),
    },
    tags,
  );
}

/** The headers of the 304 that answers these; undefined: the bytes are to be sent. */
export function unchangedHeaders(
  asked: IncomingHttpHeaders,
  text: CalendarText,
  disposition: string,
): Readonly<Record<string, string>> | undefined {
  const described = headersOf(text, encodingFor(asked), disposition);
  return isKnown(asked, described) ? described.headers304 : undefined;
}

/** Answers at once, with 304 or with bytes that are at hand. @returns whether it did */
export function sendAtOnce(
  request: FastifyRequest,
  reply: FastifyReply,
  { text, disposition, caching, admit }: CalendarAnswer,
): boolean {
  const encoding = encodingFor(request.headers);
  const headers = headersOf(text, encoding, disposition);
  if (isKnown(request.headers, headers)) {
    sendUnchanged(reply.header('cache-control', caching), headers);
    return true;
  }
  const chunks = text.kept(encoding);
  if (chunks === undefined) return false;
  admit?.();
  sendChunks(reply.header('cache-control', caching), headers, chunks);
  return true;
}

/** Answers with 304, or with the bytes in the encoding asked for. */
export async function send(
  request: FastifyRequest,
  reply: FastifyReply,
  answer: CalendarAnswer,
): Promise<FastifyReply> {
  if (sendAtOnce(request, reply, answer)) return reply;
  const { text, disposition, caching, admit } = answer;
  admit?.();
  const encoding = encodingFor(request.headers);
  const chunks = await text[encoding]();
  const headers = headersOf(text, encoding, disposition);
  return sendChunks(reply.header('cache-control', caching), headers, chunks);
}

const DAY_MS = 86_400_000;
const MOST_AGE_SECONDS = 300;

/** Windows move at midnight UTC: nothing is fresh beyond it. */
const maxAge = (nowMs: number): number =>
  Math.min(MOST_AGE_SECONDS, Math.ceil((DAY_MS - (nowMs % DAY_MS)) / 1_000));

export const publicAge = (nowMs: number): string => `public, max-age=${maxAge(nowMs)}`;
/** For the one who holds the address, and no cache on the way. */
export const privateAge = (nowMs: number): string => `private, max-age=${maxAge(nowMs)}`;
