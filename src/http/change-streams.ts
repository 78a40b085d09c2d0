import { type CalendarQueries, UnknownCursor } from '../../projections/types.ts';
import { systemTimers, type Timers } from '../timers.ts';
import { ChangeReader } from './change-reader.ts';
import type { Edge } from './edge.ts';
import { Follower, type FollowerOptions } from './follower.ts';
import { Problem } from './problem.ts';

/** How long an event may take from being dated to being in the log, which its writer's clock dates. */
const ON_THE_WAY_MS = 100;

const FAILED = 'a stream of changes failed';

const isViewBehind = (error: unknown): boolean =>
  error instanceof Error && error.name === 'ViewBehind';

/** A place among the streams that may be open at once. */
export interface Place {
  /** May be called twice. */
  release(): void;
}

/**
 * All open streams of one app. They are woken by a batch, by another view, by an embargo that ends, and by
 * readers that have taken what was sent; each turn sends one page to each, so that other requests get theirs.
 */
export class ChangeStreams {
  readonly #edge: Edge;
  readonly #timers: Timers;
  /** Each with what to do when it is over. */
  readonly #followers = new Map<Follower, () => void>();
  readonly #due = new Set<Follower>();
  /**
   * The clock by which embargoes end here. It lags: what was recorded before an embargo's end and is not applied
   * yet would come after the release and yet have its place before it, so a client would go on behind it.
   */
  #settledMs: number;
  #places = 0;
  #dropped = 0;
  #turn: NodeJS.Immediate | undefined;
  #alarm: { readonly atMs: number; readonly stop: () => void } | undefined;

  constructor(edge: Edge) {
    this.#edge = edge;
    this.#settledMs = edge.deps.clock();
    this.#timers = edge.deps.timers ?? systemTimers;
    const ignore = edge.deps.views.onBatch(() => this.#wake(this.#followers.keys()));
    edge.closing.signal.addEventListener('abort', () => {
      ignore();
      clearImmediate(this.#turn);
      for (const follower of this.#followers.keys()) this.#end(follower);
    });
  }

  /** Streams open now. */
  get open(): number {
    return this.#followers.size;
  }

  /** Bytes that wait for their readers. */
  get waiting(): number {
    return [...this.#followers.keys()].reduce((sum, { stream }) => sum + stream.waiting, 0);
  }

  /** Readers that did not keep up, since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  /** @throws {Problem} overloaded */
  reserve(): Place {
    const { streamConnections } = this.#edge.limits;
    if (this.#places >= streamConnections) {
      const detail = `${streamConnections} streams are open, and that is how many may be: try again, or ask /changes`;
      throw new Problem('overloaded', detail);
    }
    this.#places += 1;
    let taken = true;
    const release = () => {
      if (taken) this.#places -= 1;
      taken = false;
    };
    return { release };
  }

  /** Follows until the connection is over, and gives the place back then. */
  follow(options: FollowerOptions, place: Place): void {
    const follower = new Follower(options);
    const { stream } = follower;
    const rest = this.#timers.every(this.#edge.limits.heartbeatMs, () => this.#beat(follower));
    this.#followers.set(follower, () => {
      rest();
      place.release();
    });
    stream.onDrain(() => this.#wake([follower]));
    stream.onClose(() => this.#leave(follower));
    if (this.#edge.closing.signal.aborted) this.#end(follower);
    else this.#wake([follower]);
  }

  #leave(follower: Follower): void {
    this.#followers.get(follower)?.();
    this.#followers.delete(follower);
    this.#due.delete(follower);
    if (this.#followers.size === 0) this.#setAlarm(undefined);
  }

  #wake(followers: Iterable<Follower>): void {
    for (const follower of followers) if (this.#followers.has(follower)) this.#due.add(follower);
    if (this.#due.size > 0) this.#turn ??= setImmediate(() => this.#takeTurn());
  }

  #takeTurn(): void {
    this.#turn = undefined;
    // While the views are being built nobody is told anything; the new one wakes everybody.
    const queries = this.#edge.deps.queries();
    const due = [...this.#due];
    this.#due.clear();
    if (queries === undefined) return;
    const changes = new ChangeReader(queries);
    for (const follower of due) this.#step(follower, changes);
    if (this.#followers.size > 0) this.#setAlarm(this.#nextEnd(queries));
  }

  /** When the next embargo may end; undefined: the view cannot say, and the one in its place wakes everybody. */
  #nextEnd(queries: CalendarQueries): number | undefined {
    const clockMs = this.#settledMs;
    try {
      return queries.boundary({ level: 0, editor: false, clockMs }, clockMs).untilMs;
    } catch (error) {
      if (!isViewBehind(error)) this.#edge.deps.log.error({ err: error }, FAILED);
      return undefined;
    }
  }

  #step(follower: Follower, changes: ChangeReader): void {
    try {
      if (follower.step(changes, this.#settledMs)) this.#wake([follower]);
    } catch (error) {
      // The view was found damaged: the one that is built in its place wakes everybody.
      if (!isViewBehind(error)) this.#fail(follower, error);
    }
  }

  #beat(follower: Follower): void {
    try {
      // A clock that was set, or a view that could not be read, has woken nobody.
      if (follower.beat()) void this.#settle([follower]);
      else this.#drop(follower);
    } catch (error) {
      this.#fail(follower, error);
    }
  }

  #drop(follower: Follower): void {
    this.#dropped += 1;
    this.#leave(follower);
    follower.stream.destroy();
  }

  #fail(follower: Follower, error: unknown): void {
    const expected = error instanceof Problem || error instanceof UnknownCursor;
    if (!expected) this.#edge.deps.log.error({ err: error }, FAILED);
    this.#end(follower);
  }

  /** The client comes again and is told why it cannot go on, if it cannot. */
  #end(follower: Follower): void {
    this.#leave(follower);
    follower.stream.end();
  }

  /** Lets the clock go on once the view has what was recorded before, or cannot get it. Never throws. */
  async #settle(followers: Iterable<Follower>): Promise<void> {
    const { store, views, clock, released } = this.#edge.deps;
    const nowMs = clock();
    try {
      await released?.();
      const head = await store.head();
      if (head !== undefined) await views.waitFor(head.id, this.#edge.limits.seenWaitMs);
    } catch {
      // A store that is away gives nothing that could be overtaken.
    }
    this.#settledMs = Math.max(this.#settledMs, nowMs);
    this.#wake(followers);
  }

  /** Looks again when an embargo may have ended: no event need say so. */
  #setAlarm(atMs: number | undefined): void {
    if (this.#alarm?.atMs === atMs) return;
    this.#alarm?.stop();
    this.#alarm = undefined;
    if (atMs === undefined) return;
    const delayMs = Math.max(1, atMs + ON_THE_WAY_MS - this.#edge.deps.clock());
    const ring = () => {
      this.#alarm = undefined;
      void this.#settle(this.#followers.keys());
    };
    this.#alarm = { atMs, stop: this.#timers.after(delayMs, ring) };
  }
}
