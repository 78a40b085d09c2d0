import { UnknownCursor } from '../../projections/types.ts';
import { systemTimers, type Timers } from '../timers.ts';
import { ChangeReader } from './change-reader.ts';
import type { Edge } from './edge.ts';
import { Follower, type FollowerOptions } from './follower.ts';
import { Problem } from './problem.ts';

const FAILED = 'a stream of changes failed';

const isViewBehind = (error: unknown): boolean =>
  error instanceof Error && error.name === 'ViewBehind';

/** What of the streams may be of one token, or of one address without. */
const SHARE = 4;

const tooMany = (most: number, which: string): Problem =>
  new Problem(
    'overloaded',
    `${most} streams ${which}, and that is how many may be: try again, or ask /changes`,
  );

/** A place among the streams that may be open at once. */
export interface Place {
  /** May be called twice. */
  release(): void;
}

/**
 * All open streams of one app. They are woken by a batch, by another view, and by readers that have taken what was
 * sent; each turn sends one page to each, so that other requests get theirs.
 */
export class ChangeStreams {
  readonly #edge: Edge;
  readonly #timers: Timers;
  /** Each with what to do when it is over. */
  readonly #followers = new Map<Follower, () => void>();
  readonly #due = new Set<Follower>();
  /** Places by who has them. */
  readonly #places = new Map<string | undefined, number>();
  #dropped = 0;
  #turn: NodeJS.Immediate | undefined;

  constructor(edge: Edge) {
    this.#edge = edge;
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

  /**
   * @param who a token or address, which may have a share of the places; undefined: anybody on this machine
   * @throws {Problem} overloaded
   */
  reserve(who?: string): Place {
    const { streamConnections } = this.#edge.limits;
    const most = who === undefined ? streamConnections : Math.ceil(streamConnections / SHARE);
    const taken = [...this.#places.values()].reduce((sum, count) => sum + count, 0);
    if (taken >= streamConnections) throw tooMany(streamConnections, 'are open');
    if (this.#takenBy(who) >= most) throw tooMany(most, 'are open from here');
    this.#places.set(who, this.#takenBy(who) + 1);
    let isHeld = true;
    const release = () => {
      if (isHeld) this.#giveBack(who);
      isHeld = false;
    };
    return { release };
  }

  #takenBy(who: string | undefined): number {
    return this.#places.get(who) ?? 0;
  }

  #giveBack(who: string | undefined): void {
    const left = this.#takenBy(who) - 1;
    if (left === 0) this.#places.delete(who);
    else this.#places.set(who, left);
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
  }

  #step(follower: Follower, changes: ChangeReader): void {
    try {
      if (follower.step(changes)) this.#wake([follower]);
    } catch (error) {
      // The view was found damaged: the one that is built in its place wakes everybody.
      if (!isViewBehind(error)) this.#fail(follower, error);
    }
  }

  #beat(follower: Follower): void {
    try {
      // A view that could not be read has woken nobody.
      if (follower.beat()) this.#wake([follower]);
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
}
