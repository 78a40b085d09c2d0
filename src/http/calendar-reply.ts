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
export interface Encoded extends Described {
  readonly chunks: readonly Buffer[];
}

type Encoding = 'plain' | 'gzip';

/** Headers are made once for each text and disposition; the text is the same object while nothing changed. */
const made = new WeakMap<CalendarText, Map<string, Partial<Record<Encoding, Encoded>>>>();

const encodingFor = ({ headers }: FastifyRequest): Encoding =>
  prefersGzip(headers['accept-encoding']) ? 'gzip' : 'plain';

/** The answer in the encoding asked for, when it was made before. */
export const keptAnswer = (
  request: FastifyRequest,
  text: CalendarText,
  disposition: string,
): Encoded | undefined => made.get(text)?.get(disposition)?.[encodingFor(request)];

/** The answer in the encoding asked for. */
export async function encoded(
  request: FastifyRequest,
  text: CalendarText,
  disposition: string,
): Promise<Encoded> {
  const encoding = encodingFor(request);
  const byDisposition = made.get(text) ?? new Map<string, Partial<Record<Encoding, Encoded>>>();
  made.set(text, byDisposition);
  const kept = byDisposition.get(disposition)?.[encoding];
  if (kept !== undefined) return kept;
  const answer = await encode(text, encoding, disposition);
  byDisposition.set(disposition, { ...byDisposition.get(disposition), [encoding]: answer });
  return answer;
}

async function encode(
  text: CalendarText,
  encoding: Encoding,
  disposition: string,
): Promise<Encoded> {
  const zipped = encoding === 'gzip';
  const tags = [text.etag, gzipTag(text.etag)] as const;
  const headers = {
    ...SAFE_HEADERS,
    'content-type': 'text/calendar; charset=utf-8',
    'content-disposition': disposition,
    vary: 'Accept-Encoding',
    ...(zipped ? { 'content-encoding': 'gzip' } : {}),
  };
  const chunks = zipped ? await text.gzip() : text.chunks;
  const length = zipped ? chunks.reduce((sum, chunk) => sum + chunk.length, 0) : text.length;
  // A client may hold either encoding: each is as fresh as the other.
  return { chunks, ...described(length, tags[zipped ? 1 : 0], headers, tags) };
}

/** Sends it, or 304; `caching`: the Cache-Control, which a 304 carries too (RFC 9110 §15.4.5). */
export function send(
  request: FastifyRequest,
  reply: FastifyReply,
  answer: Encoded,
  caching: string,
): FastifyReply {
  reply.header('cache-control', caching);
  if (isKnown(request, answer)) return sendUnchanged(reply, answer);
  return sendChunks(reply, answer, answer.chunks);
}

const DAY_MS = 86_400_000;
const MOST_AGE_SECONDS = 300;

/** Windows move at midnight UTC: nothing is fresh beyond it. */
const maxAge = (nowMs: number): number =>
  Math.min(MOST_AGE_SECONDS, Math.ceil((DAY_MS - (nowMs % DAY_MS)) / 1_000));

export const publicAge = (nowMs: number): string => `public, max-age=${maxAge(nowMs)}`;
/** For the one who holds the address, and no cache on the way. */
export const privateAge = (nowMs: number): string => `private, max-age=${maxAge(nowMs)}`;
