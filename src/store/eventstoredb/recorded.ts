import type { ResolvedEvent } from '@eventstore/db-client';
import { type RecordedEvent, STREAM_KINDS } from '../../../events/envelope.ts';
import { formatPosition, type Place } from './position.ts';

/** Which streams of the cluster are ours, and how the driver's events become ours. */

export interface Names {
  /** What our streams begin with in the cluster. */
  readonly prefixes: string[];
  /** A stream's name in the cluster. */
  outside(stream: string): string;
  isOurs(name: string): boolean;
  /** The name without the prefix. */
  inside(name: string): string;
}

export function namesUnder(prefix: string): Names {
  const prefixes = STREAM_KINDS.map((kind) => `${prefix}${kind}-`);
  return {
    prefixes,
    outside: (stream) => prefix + stream,
    isOurs: (name) => prefixes.some((begin) => name.startsWith(begin)),
    inside: (name) => name.slice(prefix.length),
  };
}

/** An event with its place, which is compared as numbers. */
export interface Found {
  readonly place: Place;
  readonly event: RecordedEvent;
}

/** Undefined for what is not ours: other applications' events, the server's own, links to deleted ones. */
export function foundIn({ event, commitPosition }: ResolvedEvent, names: Names): Found | undefined {
  if (event === undefined || !names.isOurs(event.streamId)) return undefined;
  const place = event.position ?? placeAt(commitPosition);
  return {
    place,
    event: {
      id: event.id,
      stream: names.inside(event.streamId),
      revision: Number(event.revision),
      position: formatPosition(place),
      type: event.type,
      data: event.isJson ? event.data : null,
      meta: metaOf(event.metadata),
    },
  };
}

const placeAt = (commit = 0n): Place => ({ commit, prepare: commit });

/** What somebody else wrote into our streams by hand is set aside by whoever cannot apply it. */
const metaOf = (metadata: unknown): RecordedEvent['meta'] =>
  (typeof metadata === 'object' && metadata !== null && !(metadata instanceof Uint8Array)
    ? metadata
    : {}) as RecordedEvent['meta'];
