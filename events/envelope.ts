import * as z from 'zod';
import { dateOrInstant, id, instant, uuid } from './values.ts';

/** All resolved when written, never at read time: a copy of the log answers as the log did. */
export const meta = z.strictObject({
  /** When it was recorded; never falls within a stream. */
  recordedAt: instant,
  /** When the source said so; stated time has the grain of a UTC day. */
  statedAt: dateOrInstant,
  /** The announcements it rests on. */
  basedOn: z.array(id).optional(),
  /** A token's id, or one of `env`, `import`, `cli`, `clock`. */
  actor: z.string().min(1).max(80),
  commandId: uuid,
  requestHash: z.string().regex(/^[0-9a-f]{64}$/),
  correlationId: uuid,
  causationId: uuid,
  /** Version of this type's data; see registry.ts. */
  schema: z.int().min(1),
});
export type Meta = z.infer<typeof meta>;

/** The events of a stream's schemas by type: a union on `type`, so that a switch over it can end in `never`. */
export type EventOf<S extends Readonly<Record<string, z.ZodType>>> = {
  [T in keyof S & string]: { readonly type: T; readonly data: z.infer<S[T]> };
}[keyof S & string];

/** An event to be appended. All JSON values. */
export interface NewEvent<
  E extends { type: string; data: unknown } = { type: string; data: unknown },
> {
  readonly id: string;
  readonly type: E['type'];
  readonly data: E['data'];
  readonly meta: Meta;
}

/**
 * An event as the store holds it. `revision` counts from 0 within the stream; `position` is opaque,
 * differs between stores and never leaves the operator's tools.
 */
export interface RecordedEvent<
  E extends { type: string; data: unknown } = { type: string; data: unknown },
> extends NewEvent<E> {
  readonly stream: string;
  readonly revision: number;
  readonly position: string;
}

export const newEvent = z.strictObject({
  id: uuid,
  type: z.string().min(1),
  data: z.record(z.string(), z.json()),
  meta,
});

/** The kinds of stream and the prefix of their names. */
export const STREAM_KINDS = ['meeting', 'announcement', 'feed', 'token', 'redaction'] as const;
export type StreamKind = (typeof STREAM_KINDS)[number];

/** `meeting-scc-session-7` → `{ kind: 'meeting', id: 'scc-session-7' }`; undefined for a foreign name. */
export function parseStream(stream: string): { kind: StreamKind; id: string } | undefined {
  const kind = kindOf(stream);
  return kind === undefined ? undefined : { kind, id: stream.slice(kind.length + 1) };
}

/** As parseStream, the kind alone. */
export const kindOf = (stream: string): StreamKind | undefined =>
  STREAM_KINDS.find((kind) => stream.startsWith(kind) && stream[kind.length] === '-');

/** The stream of one aggregate. */
export const streamOf = (kind: StreamKind, streamId: string): string => `${kind}-${streamId}`;
