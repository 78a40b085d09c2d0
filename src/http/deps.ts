import type { FastifyBaseLogger } from 'fastify';
import type { Registry } from 'prom-client';
import type { RecordedEvent } from '../../events/envelope.ts';
import type { FeedReader, FeedRow } from '../../projections/feeds.ts';
import type { TokenRow } from '../../projections/tokens.ts';
import type { CalendarQueries, MeetingFilters, Reader } from '../../projections/types.ts';
import type { Access } from '../access.ts';
import type { FeedRequest, FeedResult } from '../feeds.ts';
import type { Handle } from '../handle.ts';
import type { FeedOptions, Notice } from '../ical/index.ts';
import type { Lag } from '../lag.ts';
import type { Head, ReadAllOptions } from '../store/event-store.ts';
import type { Timers } from '../timers.ts';
import type { TokenRequest, TokenResult } from '../tokens.ts';
import type { Checkpoint, DeadLetter } from '../views/ledger.ts';
import type { RebuildStatus } from '../views/rebuild.ts';
import type { ViewStatus } from '../views/status.ts';
import type { Verification } from '../views/verify.ts';

export { COUNTED, type Lag } from '../lag.ts';

/** The calendar view's engine, as far as the edge asks it. */
export interface Views {
  /** Rises with every batch applied and every rebuild: an answer made at the same number is still right. */
  readonly version: number;
  status(): ViewStatus;
  /** Resolves true when the event is applied here, false when `timeoutMs` runs out first. */
  waitFor(eventId: string, timeoutMs: number): Promise<boolean>;
  /** Calls the listener after each batch and each rebuild; returns how to stop that. */
  onBatch(listener: () => void): () => void;
}

/** One rendered calendar. */
export interface CalendarText {
  /** Meetings in it. */
  readonly count: number;
  /** Bytes in all. */
  readonly length: number;
  /** Its bytes in order. */
  plain(): Promise<readonly Buffer[]>;
  /** The same compressed. */
  gzip(): Promise<readonly Buffer[]>;
  /** Either, if it is at hand. */
  kept(encoding: 'plain' | 'gzip'): readonly Buffer[] | undefined;
  /** Strong, of the plain bytes, quotes included. */
  readonly etag: string;
}

/** Which feed. Asked again with the same object, little has to be looked at. */
export interface FeedAsk {
  /** Whose calendar: the highest classification in it. */
  readonly level: Reader['level'];
  readonly name: string;
  readonly description?: string;
  readonly options: FeedOptions;
  readonly filters: MeetingFilters;
  /** Undefined: its address has always shown entries so. */
  readonly edition?: NonNullable<FeedRow['edition']>;
  /** Its address on this service, from `/` on; absent: it is not to be told. */
  readonly path?: string;
  /** That the address it was asked for by was replaced. */
  readonly notice?: Notice;
}

export interface Calendars {
  /**
   * A feed at an instant; the same object while nothing changed, so that bytes are hashed and compressed once.
   * @throws {InvalidFilter}
   */
  feed(ask: FeedAsk, nowMs: number): Promise<CalendarText>;
  /** The same, when nothing can have changed since it was made; undefined: ask for it. */
  unchanged(ask: FeedAsk, nowMs: number): CalendarText | undefined;
  /** One public meeting; a string says why there is nothing to show; undefined: no such meeting. */
  one(meeting: string, nowMs: number): Promise<CalendarText | string | undefined>;
}

/** What the edge reads of the store: the raw log, for admins. */
export interface Log {
  readAll(options: ReadAllOptions): Promise<RecordedEvent[]>;
  head(): Promise<Head | undefined>;
  /** Since when it does not answer, in milliseconds since 1970. */
  readonly awaySince?: number | undefined;
}

/** What an operator does with the views. */
export interface Rebuilds {
  /** @throws RebuildRunning, ViewBehind */
  start(options: { readonly skip: boolean }): void;
  /** False: none is running. */
  cancel(): boolean;
  readonly status: RebuildStatus;
}

/** Tokens as an admin manages them. */
export interface Tokens {
  /** Of the view that knows them. */
  status(): ViewStatus;
  /** @throws InvalidInput, Rejected, StoreUnavailable */
  issue(body: unknown, request: TokenRequest): Promise<TokenResult>;
  /** @throws NotFound, Rejected, StoreUnavailable */
  revoke(id: string, request: TokenRequest): Promise<TokenResult>;
  /** The newest first; only those before a seq, if one is given. @throws ViewBehind */
  list(limit: number, before?: number): TokenRow[];
  /** @throws ViewBehind */
  one(id: string): TokenRow | undefined;
  /** When it was last used on this node, in ms since 1970. */
  lastUse(id: string): number | undefined;
  /** Resolves true when this node knows the event, false when `timeoutMs` runs out first. */
  waitFor(eventId: string, timeoutMs: number): Promise<boolean>;
}

/** Saved feeds: who may ask for them, and what they are. */
export interface Feeds {
  /** @throws InvalidInput, Forbidden, IdTaken, Rejected, StoreUnavailable */
  save(body: unknown, request: FeedRequest): Promise<FeedResult>;
  /** @throws NotFound, and as save; so do the others */
  change(id: string, body: unknown, request: FeedRequest): Promise<FeedResult>;
  rotate(id: string, body: unknown, request: FeedRequest): Promise<FeedResult>;
  revoke(id: string, request: FeedRequest): Promise<FeedResult>;
  remove(id: string, request: FeedRequest): Promise<FeedResult>;
  /** The newest first; only those before a seq, if one is given. @throws ViewBehind */
  list(reader: FeedReader, limit: number, before?: number): FeedRow[];
  /** The seq of one that the reader sees or saw. @throws ViewBehind */
  seqOf(reader: FeedReader, id: string): number | undefined;
  /** @throws ViewBehind */
  one(reader: FeedReader, id: string): FeedRow | undefined;
  /**
   * The feed that a token opens, or once opened; by its SHA-256.
   * @throws ViewBehind, and StoreUnavailable when this node may have missed that it was closed
   */
  byToken(hash: string): FeedRow | undefined;
  /**
   * Whether an event has been applied here that is of a feed which the reader sees, or which the token of this
   * SHA-256 opens; no other event is known.
   * @throws ViewBehind
   */
  knows(eventId: string, reader: FeedReader, hash?: string): boolean;
  /** It was fetched by a client that calls itself so. */
  used(id: string, client: string): void;
  /** As far as this node knows. */
  use(id: string): FeedUse | undefined;
  /** Resolves true when this node knows the event, false when `timeoutMs` runs out first. */
  waitFor(eventId: string, timeoutMs: number): Promise<boolean>;
  /** As waitFor, of the log up to a place that another view has come to. */
  reached(place: Pick<Checkpoint, 'id' | 'seq'>, timeoutMs: number): Promise<boolean>;
}

export interface FeedUse {
  /** Of the last fetch, in ms since 1970. */
  readonly atMs: number;
  readonly client: string;
  readonly count: number;
}

/** Somebody was shown what is confidential. */
export interface Reading {
  readonly atMs: number;
  readonly actor: string;
  /** Of the address, with parameters: `/meetings/:id`. */
  readonly route: string;
  /** `meeting-<id>` and `announcement-<id>`; `events`: the raw log. */
  readonly entries: readonly string[];
}

/** All that the HTTP edge needs from the rest of the program. */
export interface AppDeps {
  /** Undefined while the views are being built. */
  readonly queries: () => CalendarQueries | undefined;
  readonly views: Views;
  /**
   * Settles once the ends of embargoes that have come are events in the view, or cannot be for now. Default: at once.
   */
  readonly released?: () => Promise<void>;
  /** How far the view is behind the log. */
  readonly lag: { look(): Promise<Lag> };
  readonly handle: Handle;
  readonly store: Log;
  /** Undefined while the views are being built. */
  readonly calendars: () => Calendars | undefined;
  readonly access: Access;
  readonly tokens: Tokens;
  readonly feeds: Feeds;
  readonly onReading: (reading: Reading) => void;
  readonly rebuilds: Rebuilds;
  /** Folds the log anew and compares it with the views. */
  readonly verify: () => Promise<Verification>;
  /** Events that were not applied, the newest first; only those before a seq, if one is given. */
  readonly deadLetters: (limit: number, before?: number) => DeadLetter[];
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** The clock is the example's: every answer says so in a `Chancery-Clock` header. */
  readonly exampleClock?: boolean;
  /** Without a slash at the end; without it addresses are relative. */
  readonly publicUrl?: string | undefined;
  /** Proxies whose X-Forwarded-For is believed: addresses, ranges, or `loopback`. Default: none. */
  readonly trustProxy?: readonly string[] | undefined;
  /** Origins whose scripts may read; `*`: all. Default: none. */
  readonly corsOrigins?: readonly string[] | undefined;
  /** Rule → what it means, for the page of `rejected`. */
  readonly rules: Readonly<Record<string, string>>;
  readonly version: string;
  readonly metrics: Registry;
  readonly log: FastifyBaseLogger;
  readonly randomUuid: () => string;
  /** Default: the machine's. */
  readonly timers?: Timers;
  readonly limits?: Partial<Limits>;
}

/** Requests a minute. */
export interface Rate {
  readonly requests: number;
  /** Also of who comes from this machine. */
  readonly local: boolean;
}

export interface Limits {
  /** Of one address that comes without a valid token. */
  readonly addressRate: Rate;
  /** Of one token. */
  readonly tokenRate: Rate;
  /** Memory in use, of JavaScript and of the whole process, in bytes, above which requests are refused; 0: no bound. */
  readonly heapBytes: number;
  readonly rssBytes: number;
  /** Between two looks at that, in milliseconds. */
  readonly pressureCheckMs: number;
  /** Largest headers of a request, in bytes. */
  readonly headerBytes: number;
  /** Connections open at once; more are closed at once. */
  readonly connections: number;
  /** Requests of one connection that wait for the answer before them; more are refused. */
  readonly pipelined: number;
  /** How long a connection may take nothing in and send nothing, in milliseconds; then it ends. */
  readonly idleMs: number;
  /** Largest request body, in bytes. */
  readonly bodyBytes: number;
  /** Longest request target, in characters; longer ones are 400. */
  readonly urlLength: number;
  /** How long a request may take to arrive, in milliseconds; then its connection ends. */
  readonly requestMs: number;
  /** How long a read waits for the event in `seen` or `after`, in milliseconds. */
  readonly seenWaitMs: number;
  /** How long a write waits for the local view, in milliseconds. */
  readonly writeWaitMs: number;
  /** Of one feed, from wherever: few addresses fetch for thousands. Answers of 304 do not count. */
  readonly feedRate: Rate;
  /** Writes of meetings and announcements that begin in one turn of the event loop. */
  readonly commandsPerTurn: number;
  /** How long calendars wait for views that are being built, in milliseconds; at most feedWaiting of them. */
  readonly feedBuildWaitMs: number;
  /** Feeds that are composed at a time, and that wait for their turn; more are told to come again. */
  readonly feedComposing: number;
  readonly feedWaiting: number;
  /** Answers kept, in bytes: all together, and the largest one. */
  readonly cacheBytes: number;
  readonly cacheEntryBytes: number;
  /** Events read from the store at a time by GET /events. */
  readonly eventsPage: number;
  /** Changes in the Atom feed, of which the contract says how many. */
  readonly atomEntries: number;
  /** Streams of changes that may be open at once. */
  readonly streamConnections: number;
  /** What a stream keeps for a reader that has not taken it yet, in bytes. */
  readonly streamBufferBytes: number;
  /** Between two heartbeats of a stream, in milliseconds. */
  readonly heartbeatMs: number;
  /** Retry-After of a 503, in seconds. */
  readonly retryAfterSeconds: number;
}

export const DEFAULT_LIMITS: Limits = {
  addressRate: { requests: 600, local: false },
  tokenRate: { requests: 6_000, local: false },
  heapBytes: 0,
  rssBytes: 0,
  pressureCheckMs: 1_000,
  headerBytes: 16_384,
  connections: 10_000,
  pipelined: 100,
  idleMs: 60_000,
  bodyBytes: 1_048_576,
  urlLength: 8_000,
  requestMs: 60_000,
  seenWaitMs: 2_000,
  writeWaitMs: 2_000,
  feedRate: { requests: 3_000, local: false },
  commandsPerTurn: 5,
  feedBuildWaitMs: 30_000,
  feedComposing: 4,
  feedWaiting: 500,
  cacheBytes: 64 * 1_048_576,
  cacheEntryBytes: 4 * 1_048_576,
  eventsPage: 500,
  atomEntries: 100,
  streamConnections: 500,
  streamBufferBytes: 262_144,
  heartbeatMs: 15_000,
  retryAfterSeconds: 2,
};
