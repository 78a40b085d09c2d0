import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import type { RecordedEvent } from '../../events/envelope.ts';
import type { ViewDatabase } from '../../projections/view-database.ts';
import type { BuildProgress } from './build.ts';
import { isBrokenFile, isClosedHandle, messageOf, ViewBehind } from './errors.ts';
import { Gate } from './gate.ts';
import type { Ledger } from './ledger.ts';
import type { LiveView } from './live-view.ts';
import { isRedaction, REDACTED_SINCE, whyNotOf } from './log-identity.ts';
import type { ProjectorOptions } from './projector-options.ts';
import { buildHere, firstBuild, Rebuilder, type RebuildHost } from './rebuild.ts';
import {
  type AppliedBatch,
  deadLetterLog,
  setAside,
  slowBuildLog,
  stateOf,
  tellVersion,
  type ViewStatus,
} from './status.ts';
import { ViewSlot } from './view-slot.ts';
import { Waiters } from './waiters.ts';

export type { ProjectorOptions } from './projector-options.ts';

/** Events applied in one go while live: a few milliseconds, so that requests get their turn. */
const LIVE_BATCH = 16;

/** Owns one view: opens or builds its file, follows the log, answers how far it is. */
export class Projector {
  /** Settles when the view has once reached the log's end; rejects when it is closed before. */
  readonly ready: Promise<void>;
  /** Rebuilds while the view serves. */
  readonly rebuilder: Rebuilder;
  readonly #options: ProjectorOptions;
  readonly #slot: ViewSlot;
  /** What builds and views tell of. */
  readonly #told;
  readonly #waiters = new Waiters();
  /** Held while a rebuild is about to take over. */
  readonly #gate = new Gate();
  readonly #listeners = new Set<(batch: AppliedBatch) => void>();
  readonly #stop = new AbortController();
  readonly #name: string;
  readonly #readiness = Promise.withResolvers<void>();
  /** Ends with the view that it is for. */
  #following = new AbortController();
  #running: Promise<void> | undefined;
  #readable = false;
  #caughtUp = false;
  #version = 0;
  #failures = 0;
  #appliedAt: number | undefined;
  #build: BuildProgress | undefined;
  #problem: string | undefined;

  constructor(options: ProjectorOptions) {
    this.#options = options;
    this.#name = options.projection.name;
    const { folder, projection, definition, types, log, cacheBytes = 8 * 1024 * 1024 } = options;
    const onDeadLetter = deadLetterLog(projection.name, log);
    this.#told = { onDeadLetter, onSlow: slowBuildLog(projection.name, log) };
    const onReadFault = (error: unknown, file: string) => this.readFault(error, file);
    const view = { projection, definition, types, cacheBytes, onDeadLetter, onReadFault };
    this.#slot = new ViewSlot({ folder, ...view });
    this.rebuilder = new Rebuilder(this.#rebuildHost());
    this.ready = this.#readiness.promise;
    this.ready.catch(() => {}); // whoever awaits it still gets the rejection
  }

  /** Begins; returns at once. Failures are logged, shown in status and tried again, never thrown. */
  start(): void {
    if (!this.#stop.signal.aborted) this.#running ??= this.#run();
  }

  /**
   * A handle that cannot write, for queries in this thread. Ask for it each time: a rebuild changes it.
   * @throws {ViewBehind} while the view is opened or built
   */
  reader(): ViewDatabase {
    if (this.#slot.view === undefined || !this.#readable) throw new ViewBehind(this.#name);
    return this.#slot.view.reader;
  }

  /**
   * What a read of a view's file failed with, by whatever handle. A damaged file is built again, as when writing
   * finds it. @returns what the caller of the read is to have
   */
  readFault(error: unknown, file: string): unknown {
    // Whoever still held the handle of one that was discarded meanwhile is told the same.
    const isGone = isClosedHandle(error) && this.#slot.view?.file !== file;
    return isBrokenFile(error) || isGone ? this.damaged(error, file) : error;
  }

  /** A view's file is damaged: it is built again, unless it serves no longer. @returns as readFault */
  damaged(error: unknown, file: string): ViewBehind {
    if (this.#slot.view?.file === file) {
      this.#options.log.error({ view: this.#name, err: error }, 'view is damaged: rebuilding');
      this.#discard();
      this.#following.abort();
    }
    return new ViewBehind(this.#name);
  }

  /** Rises with every batch and every rebuild, within one process: a key for caches of answers. */
  get version(): number {
    return this.#version;
  }

  /**
   * Waits until the event is applied, passed over or set aside: true, also when that happened before; false
   * when the time runs out or the view is closed. What is passed over unremembered is forgotten at a restart.
   */
  waitFor(eventId: string, timeoutMs: number): Promise<boolean> {
    if (this.#has(eventId)) return Promise.resolve(true);
    if (this.#stop.signal.aborted) return Promise.resolve(false);
    return this.#waiters.wait(eventId, timeoutMs);
  }

  /** Calls the listener after each commit; returns how to stop that. */
  onBatch(listener: (batch: AppliedBatch) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What it could not apply, and what it passed over; undefined while there is no view. */
  get ledger(): Ledger | undefined {
    return this.#slot.view?.ledger;
  }

  /** Whether `reader` has something to read from. */
  get readable(): boolean {
    return this.#readable;
  }

  status(): ViewStatus {
    const now = {
      view: this.#name,
      readable: this.#readable,
      file: this.#slot.view?.file,
      definition: this.#options.definition,
      checkpoint: this.#slot.view?.checkpoint,
      appliedAt: this.#appliedAt,
      caughtUp: this.#caughtUp,
      version: this.#version,
      build: this.#build,
      problem: this.#problem,
      ...setAside(this.#slot.view?.ledger),
    };
    return { ...now, state: stateOf(now, this.#stop.signal.aborted) };
  }

  /** Stops following and closes the file. Waits end without success. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#readiness.reject(new ViewBehind(this.#name));
    this.rebuilder.cancel();
    await this.rebuilder.finished();
    await this.#running;
    this.#waiters.close();
    this.#readable = false;
    this.#slot.release();
  }

  #has(eventId: string): boolean {
    if (!this.#readable) return false;
    return this.#waiters.isRecent(eventId) || (this.#slot.view?.has(eventId) ?? false);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const { first, longest } = this.#options.retryMs ?? { first: 100, longest: 5_000 };
    while (!signal.aborted) {
      try {
        if ((await this.#follow(await this.#verified())) === 'replaced') continue;
      } catch (error) {
        this.#fail(error);
      }
      const pauseMs = Math.min(first * 2 ** this.#failures, longest);
      this.#failures += 1;
      await delay(pauseMs, undefined, { signal }).catch(() => {});
    }
  }

  /** The view's file, open and known to belong to this log; built when there is none. */
  async #verified(): Promise<LiveView> {
    let view = this.#slot.view ?? this.#slot.open();
    const reason = view && (await whyNotOf(this.#options.store, view.checkpoint));
    if (reason !== undefined) {
      this.#discard(reason);
      view = undefined;
    }
    if (view === undefined) tellVersion(this.#options, this.#slot.definitionBefore());
    view ??= await this.#buildFirst();
    this.#stop.signal.throwIfAborted();
    this.#readable = true;
    return view;
  }

  /** Builds a file beside what there is, then switches to it. Nothing is readable meanwhile. */
  async #buildFirst(): Promise<LiveView> {
    const build = await firstBuild(this.#options);
    const file = this.#slot.fresh();
    this.#build = { done: 0, rate: 0 };
    const job = { file, strict: false, expected: this.#slot.eventsBefore() };
    const report = (progress: BuildProgress) => {
      this.#build = progress;
      this.#options.onProgress?.(progress);
    };
    await build(job, { signal: this.#stop.signal, onProgress: report, ...this.#told });
    this.#build = undefined;
    const view = this.#slot.openBuilt(file);
    if (view === undefined) throw new Error(`the view just built in ${file} cannot be opened`);
    this.#adopt(view);
    this.#slot.sweep();
    return view;
  }

  #adopt(view: LiveView): void {
    this.#slot.switchTo(view);
    this.#waiters.restart((id) => view.has(id));
    this.#announce(view, []);
  }

  #rebuildHost(): RebuildHost {
    const { store, log, now, build = buildHere(this.#options) } = this.#options;
    return {
      ...{ name: this.#name, store, log, now, build, ...this.#told },
      view: () => (this.#readable ? this.#slot.view : undefined),
      slot: this.#slot,
      switchTo: (next: LiveView) => this.#adopt(next),
      hold: () => this.#gate.hold(),
    };
  }

  /** Applies what the log has and gets, until something fails, the store ends it, or another view serves. */
  async #follow(view: LiveView): Promise<'ended' | 'replaced'> {
    const { store } = this.#options;
    this.#following = new AbortController();
    const signal = AbortSignal.any([this.#stop.signal, this.#following.signal]);
    for await (const message of store.subscribe(view.checkpoint?.position, signal)) {
      if (this.#slot.view !== view) return 'replaced';
      if (message.kind === 'caught-up') this.#reachedEnd();
      else if (message.events.some(isRedaction)) {
        this.#discard(REDACTED_SINCE);
        return 'replaced';
      } else await this.#take(view, message.events);
      this.#stop.signal.throwIfAborted();
    }
    this.#caughtUp = false;
    return this.#slot.view === view ? 'ended' : 'replaced';
  }

  async #take(view: LiveView, events: readonly RecordedEvent[]): Promise<void> {
    for (let start = 0; start < events.length; start += LIVE_BATCH) {
      if (start > 0) await nextTurn();
      await this.#gate.pass();
      // What is left comes again, from where the view is that serves now.
      if (this.#slot.view !== view) return;
      this.#apply(view, events.slice(start, start + LIVE_BATCH));
      this.#recovered();
    }
  }

  /** What was kept is announced, also when the disk was full in the middle. */
  #apply(view: LiveView, batch: readonly RecordedEvent[]): void {
    const before = view.checkpoint?.seq ?? 0;
    try {
      view.apply(batch);
    } finally {
      const kept = (view.checkpoint?.seq ?? 0) - before;
      if (kept > 0) this.#announce(view, batch.slice(0, kept));
    }
  }

  #announce(view: LiveView, events: readonly RecordedEvent[]): void {
    this.#version += 1;
    this.#appliedAt = this.#options.now();
    this.#waiters.applied(events.map((event) => event.id));
    const batch = { version: this.#version, seq: view.checkpoint?.seq ?? 0, events };
    for (const listener of this.#listeners) listener(batch);
  }

  #reachedEnd(): void {
    this.#recovered();
    this.#readable = true;
    this.#caughtUp = true;
    this.#readiness.resolve();
  }

  #recovered(): void {
    if (this.#problem !== undefined) this.#options.log.info({ view: this.#name }, 'view goes on');
    this.#problem = undefined;
    this.#failures = 0;
  }

  #fail(error: unknown): void {
    if (this.#stop.signal.aborted) return;
    this.#build = undefined;
    this.#caughtUp = false;
    this.#problem = messageOf(error);
    this.#options.log.error({ view: this.#name, err: error }, 'view cannot go on: trying again');
    if (isBrokenFile(error)) this.#discard();
  }

  #discard(reason?: string): void {
    if (reason !== undefined) this.#options.log.warn({ view: this.#name }, reason);
    this.#readable = false;
    this.#slot.discard();
  }
}
