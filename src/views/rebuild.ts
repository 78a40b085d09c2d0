import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RecordedEvent } from '../../events/envelope.ts';
import type { EventStore } from '../store/event-store.ts';
import type { BuildOptions, BuildProgress } from './build.ts';
import { messageOf, RebuildRunning, ViewBehind } from './errors.ts';
import type { LiveView } from './live-view.ts';
import type { ViewLog } from './status.ts';
import type { ViewSlot } from './view-slot.ts';
import { buildWhole } from './whole-build.ts';

/** How the last rebuild went, or goes. */
export interface RebuildStatus {
  /** none: there was none since the start. */
  readonly state: 'none' | 'building' | 'catching-up' | 'done' | 'failed' | 'cancelled';
  /** Epoch ms. */
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly progress?: BuildProgress;
  /** Why it failed, and what to do. */
  readonly problem?: string;
}

/** What tells an operator which event it was. */
export type NamedEvent = Pick<RecordedEvent, 'id' | 'stream' | 'revision' | 'type'>;

/** Builds a view file somewhere else: a worker thread, so that requests are not held up. */
export type BuildFile = (
  job: { readonly file: string; readonly strict: boolean; readonly expected: number | undefined },
  control: {
    readonly signal: AbortSignal;
    readonly onProgress: (progress: BuildProgress) => void;
    readonly onDeadLetter: (event: NamedEvent, reason: string) => void;
    /** The fast build failed, and a slower one begins. */
    readonly onSlow: (error: unknown) => void;
  },
) => Promise<void>;

/** Builds in this thread, between other work. */
export const buildHere =
  (from: Pick<BuildOptions, 'store' | 'projection' | 'definition' | 'types'>): BuildFile =>
  async (job, control) => {
    const { store, projection, definition, types } = from;
    await buildWhole({ store, projection, definition, types, ...job, ...control });
  };

/** Events up to which a first build is not worth a thread, which takes a quarter of a second to start. */
const SHORT = 500;

/** Where a view is built that nobody can read yet: a thread costs more than a short log, which is built here. */
export async function firstBuild(
  from: Parameters<typeof buildHere>[0] & { readonly build?: BuildFile | undefined },
): Promise<BuildFile> {
  const here = buildHere(from);
  if (from.build === undefined) return here;
  return (await from.store.readAll({ limit: SHORT })).length < SHORT ? here : from.build;
}

/** What a rebuild needs of the projector whose view it replaces. */
export interface RebuildHost {
  /** The view's. */
  readonly name: string;
  readonly store: Pick<EventStore, 'readAll'>;
  readonly log: ViewLog;
  readonly now: () => number;
  readonly build: BuildFile;
  readonly onDeadLetter: (event: NamedEvent, reason: string) => void;
  readonly onSlow: (error: unknown) => void;
  /** The view that serves; undefined while there is none. */
  view(): LiveView | undefined;
  readonly slot: Pick<ViewSlot, 'fresh' | 'remove' | 'openBuilt'>;
  /** Keeps the serving view where it is until the returned function is called: a few milliseconds. */
  hold(): () => void;
  /** Replaces the view that serves, in one go. */
  switchTo(next: LiveView): void;
}

/** The old view then goes on serving. */
const OVER = { failed: 'rebuild failed', cancelled: 'rebuild cancelled' } as const;

/** Events applied between two turns of the event loop while catching up. */
const BATCH = 50;
const PAGE = 500;

/** Builds a new view while the old one serves, and switches when it has come as far. One at a time. */
export class Rebuilder {
  readonly #host: RebuildHost;
  #status: RebuildStatus = { state: 'none' };
  #abort: AbortController | undefined;
  #running: Promise<void> | undefined;

  constructor(host: RebuildHost) {
    this.#host = host;
  }

  get status(): RebuildStatus {
    return this.#status;
  }

  /**
   * Begins; the promise of `finished` settles when it is over, whatever became of it.
   * @param skip set events aside that cannot be applied, instead of failing
   * @throws {RebuildRunning}
   * @throws {ViewBehind} there is no view to replace yet: one is being built already
   */
  start({ skip }: { readonly skip: boolean }): void {
    this.requireIdle();
    this.#abort = new AbortController();
    this.#status = { state: 'building', startedAt: this.#host.now() };
    this.#running = this.#run(skip, this.#abort.signal).finally(() => {
      this.#running = undefined;
    });
  }

  /**
   * Whether one could begin now.
   * @throws as start
   */
  requireIdle(): void {
    if (this.#running !== undefined) throw new RebuildRunning();
    if (this.#host.view() === undefined) throw new ViewBehind(this.#host.name);
  }

  /** Ends a running rebuild; the old view goes on serving. False: none is running. */
  cancel(): boolean {
    if (this.#running === undefined) return false;
    this.#abort?.abort();
    return true;
  }

  /** Settles when no rebuild is running. */
  async finished(): Promise<void> {
    await this.#running;
  }

  async #run(skip: boolean, signal: AbortSignal): Promise<void> {
    const { log, name: view } = this.#host;
    const file = this.#host.slot.fresh();
    log.info({ view, skip }, 'rebuild begun');
    try {
      await this.#build(file, !skip, signal);
      this.#update({ state: 'catching-up' });
      await this.#catchUpAndSwitch(file, signal);
      this.#update({ state: 'done', finishedAt: this.#host.now() });
      log.info({ view, ...this.#status }, 'rebuild done');
    } catch (error) {
      const state = signal.aborted ? 'cancelled' : 'failed';
      if (this.#host.view()?.file !== file) this.#host.slot.remove(file);
      this.#update({
        state,
        finishedAt: this.#host.now(),
        ...(signal.aborted ? {} : { problem: messageOf(error) }),
      });
      log.warn({ view, err: error }, OVER[state]);
    }
  }

  async #build(file: string, strict: boolean, signal: AbortSignal): Promise<void> {
    const expected = this.#host.view()?.checkpoint?.seq;
    await this.#host.build(
      { file, strict, expected },
      {
        signal,
        onProgress: (progress) => this.#update({ progress }),
        onDeadLetter: this.#host.onDeadLetter,
        onSlow: this.#host.onSlow,
      },
    );
    signal.throwIfAborted();
  }

  /** Applies what came in meanwhile, until both views are at the same event; then nothing is missed or doubled. */
  async #catchUpAndSwitch(file: string, signal: AbortSignal): Promise<void> {
    const next = this.#host.slot.openBuilt(file);
    if (next === undefined) throw new Error(`the view just built in ${file} cannot be opened`);
    try {
      await this.#catchUp(next, PAGE, signal);
      // Under a steady stream of writes the last few would never be caught: both would move.
      const release = this.#host.hold();
      try {
        await this.#catchUp(next, 0, signal);
        this.#host.switchTo(next);
      } finally {
        release();
      }
    } catch (error) {
      if (this.#host.view() !== next) next.close();
      throw error;
    }
  }

  /** Applies pages until the new view lacks no more than `left` events. */
  async #catchUp(next: LiveView, left: number, signal: AbortSignal): Promise<void> {
    while (behind(next, this.#serving()) > left) {
      const after = next.checkpoint?.position;
      const page = await this.#host.store.readAll({ after, limit: PAGE });
      signal.throwIfAborted();
      if (page.length === 0) throw new Error('the store has fewer events than the view');
      await this.#apply(next, page.slice(0, behind(next, this.#serving())), signal);
    }
  }

  async #apply(next: LiveView, events: Parameters<LiveView['apply']>[0], signal: AbortSignal) {
    for (let start = 0; start < events.length; start += BATCH) {
      next.apply(events.slice(start, start + BATCH));
      await nextTurn();
      signal.throwIfAborted();
    }
  }

  #serving(): LiveView {
    const view = this.#host.view();
    if (view === undefined)
      throw new Error('the view that served is gone: it is built anew anyway');
    return view;
  }

  #update(change: Partial<RebuildStatus>): void {
    this.#status = { ...this.#status, ...change };
  }
}

const seqOf = (view: LiveView): number => view.checkpoint?.seq ?? 0;

/** How many events the new view lacks of the one that serves. */
const behind = (next: LiveView, serving: LiveView): number => seqOf(serving) - seqOf(next);
