import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type * as z from 'zod';
import type { CalendarQueries, Reader } from '../../projections/types.ts';
import { isEditor } from './auth.ts';
import { confidentialIn, tellReading } from './confidential.ts';
import type { Edge } from './edge.ts';
import { entityTag } from './etag.ts';
import type { ObjectSchema } from './query.ts';
import { type Representation, representation, SAFE_HEADERS, sendRepresentation } from './reply.ts';
import { problem } from './resources.ts';

/** What a read has at hand. */
export interface ReadContext<Q, P> {
  readonly queries: CalendarQueries;
  readonly reader: Reader;
  readonly query: Q;
  readonly params: P;
  /** Path and query as sent: what `next` repeats. */
  readonly target: string;
  /** The instant that parts past from upcoming when the request names none. */
  readonly nowMs: number;
}

/** What a read answers: JSON, and what goes into headers. */
export interface Answer {
  readonly body: unknown;
  /** Relative address of the next page. */
  readonly next?: string | null;
  /** Of one meeting or announcement: If-Match takes it, for editors. */
  readonly revision?: number | undefined;
  /** It may be another one the next moment, though no event says so and nothing ends: it is not kept. */
  readonly uncacheable?: boolean;
  /** What is confidential in it and no entry: see Reading. */
  readonly confidential?: readonly string[];
}

/** What a 200 is in the document, when it is not JSON. */
interface Content {
  readonly description: string;
  readonly content: Readonly<Record<string, { readonly schema: z.ZodType }>>;
}

/** How an answer's body becomes bytes. */
export interface Format {
  readonly type: string;
  text(body: unknown): string;
}

const JSON_FORMAT: Format = { type: 'application/json; charset=utf-8', text: JSON.stringify };

/** One read of the views. */
export interface Read<Q extends ObjectSchema, P extends ObjectSchema> {
  readonly url: string;
  readonly summary: string;
  readonly tag: string;
  readonly query: Q;
  readonly params?: P;
  readonly response: z.ZodType | Content;
  /** Default: JSON. */
  readonly format?: Format;
  answer(context: ReadContext<z.output<Q>, z.output<P>>): Answer | Promise<Answer>;
}

/** Registers a read: HEAD, ETag, `seen` and the cache of answers come with it. */
export function addRead<Q extends ObjectSchema, P extends ObjectSchema>(
  app: FastifyInstance,
  edge: Edge,
  read: Read<Q, P>,
): void {
  app.route({
    method: 'GET',
    url: read.url,
    schema: {
      summary: read.summary,
      tags: [read.tag],
      security: EITHER_WAY,
      querystring: read.query,
      ...(read.params === undefined ? {} : { params: read.params }),
      response: { 200: read.response, default: problemContent },
    },
    onRequest: (request, reply, done) => {
      const kept = cached(edge, request);
      if (kept === undefined) return done();
      tellReading(edge, request, kept.confidential);
      sendRepresentation(request, reply, kept);
    },
    handler: (request, reply) => answerRead(edge, read, request, reply),
  });
}

/** Anyone may ask; a token shows more. */
export const EITHER_WAY = [{}, { token: [] }];

/** How problems look in the OpenAPI document. */
export const problemContent = {
  description: 'A problem (RFC 9457); `code` says which.',
  content: { 'application/problem+json': { schema: problem } },
};

function keyOf(edge: Edge, request: FastifyRequest): string {
  const caller = edge.callerOf(request);
  return `${caller.level}${isEditor(caller) ? 'e' : 'r'}${caller.role === 'anyone' ? '' : 'a'}${request.raw.url}`;
}

function cached(edge: Edge, request: FastifyRequest): Representation | undefined {
  // Without a view nothing is right, whatever was kept.
  if (edge.deps.queries() === undefined) return undefined;
  const { views, clock } = edge.deps;
  return edge.answers.get(keyOf(edge, request), views.version, clock());
}

async function answerRead<Q extends ObjectSchema, P extends ObjectSchema>(
  edge: Edge,
  read: Read<Q, P>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const caller = edge.callerOf(request);
  const query = request.query as z.output<Q>;
  await edge.seen((query as { seen?: string }).seen, caller);
  const queries = edge.queries();
  const version = edge.deps.views.version;
  const reader = edge.reader(caller);
  const { nowMs, untilMs } = queries.boundary(reader, reader.clockMs);
  const params = request.params as z.output<P>;
  const target = request.url;
  const answer = await read.answer({ queries, reader, query, params, nowMs, target });
  const link = nextLink(edge, answer.next);
  const plain = representationOf(
    { ...answer, link },
    caller.role !== 'anyone',
    reader.editor,
    read.format,
  );
  const confidential = answer.confidential ?? confidentialIn(answer.body, queries, reader);
  const made = { ...plain, confidential };
  const key = keyOf(edge, request);
  if (answer.uncacheable !== true) edge.answers.set(key, made, made.bytes.length, version, untilMs);
  tellReading(edge, request, made.confidential);
  return sendRepresentation(request, reply, made);
}

/** The next page as a header (RFC 8288); undefined: there is none. */
export const nextLink = ({ at }: Edge, next: string | null | undefined): string | undefined =>
  next ? `<${at(next)}>; rel="next"` : undefined;

/** The bytes of an answer with its headers. */
export function representationOf(
  answer: Pick<Answer, 'body' | 'revision'> & { readonly link?: string | undefined },
  authorised: boolean,
  editor: boolean,
  { type, text }: Format = JSON_FORMAT,
): Representation {
  const bytes = Buffer.from(text(answer.body));
  return representation(bytes, entityTag(bytes, editor ? answer.revision : undefined), {
    ...SAFE_HEADERS,
    'content-type': type,
    'cache-control': authorised ? 'private, no-cache' : 'public, no-cache',
    vary: 'Authorization',
    ...(answer.link === undefined ? {} : { link: answer.link }),
  });
}
