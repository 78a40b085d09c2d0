import { rmSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type BuildOptions, buildView, createEmptyView, report } from './build.ts';
import { DeadLetterFound, isDatabaseFault } from './errors.ts';
import type { Checkpoint } from './ledger.ts';
import { LiveView } from './live-view.ts';

export type WholeBuildOptions = BuildOptions & {
  /** Told when the fast build has failed and a slower one begins. */
  readonly onSlow?: ((error: unknown) => void) | undefined;
};

/** Events applied in one transaction, and between two turns of the event loop. */
const BATCH = 100;

/**
 * Builds a view file as buildView does, also when an event's rows cannot be written. Such a fault takes the
 * whole fast build with it, which cannot be taken back, and comes too late to name the event. Then the file is
 * begun again and filled in batches that can be taken back, as a live view is.
 * @throws as buildView, but for what the projection's flush throws
 */
export async function buildWhole(options: WholeBuildOptions): Promise<Checkpoint | undefined> {
  try {
    return await buildView(options);
  } catch (error) {
    if (options.signal?.aborted === true || isOutside(error)) throw error;
    options.onSlow?.(error);
    for (const suffix of ['', '-journal']) rmSync(`${options.file}${suffix}`, { force: true });
    return await buildInBatches(options);
  }
}

const OUTSIDE = new Set(['StoreUnavailable', 'StoreInvalid']);

const isOutside = (error: unknown): boolean =>
  isDatabaseFault(error) ||
  error instanceof DeadLetterFound ||
  (error instanceof Error && OUTSIDE.has(error.name));

async function buildInBatches(options: WholeBuildOptions): Promise<Checkpoint | undefined> {
  const { file, projection, definition, types, cacheBytes = 8 * 1024 * 1024 } = options;
  createEmptyView(file, projection, definition);
  const onDeadLetter: WholeBuildOptions['onDeadLetter'] = (event, reason) => {
    if (options.strict === true) throw new DeadLetterFound(event, reason);
    options.onDeadLetter?.(event, reason);
  };
  const view = LiveView.open(file, definition, { projection, cacheBytes, types, onDeadLetter });
  if (view === undefined) throw new Error(`the view just begun in ${file} cannot be opened`);
  try {
    await fill(view, options);
    return view.checkpoint;
  } finally {
    view.close();
  }
}

async function fill(view: LiveView, options: WholeBuildOptions): Promise<void> {
  const { store, signal } = options;
  const started = performance.now();
  const last = options.until ?? (await store.head())?.id;
  for (let reached = last === undefined || last === ''; !reached; ) {
    const page = await store.readAll({ after: view.checkpoint?.position, limit: BATCH });
    const end = page.findIndex((event) => event.id === last);
    view.apply(end < 0 ? page : page.slice(0, end + 1));
    reached = page.length < BATCH || end >= 0;
    report(options, view.checkpoint?.seq ?? 0, performance.now() - started);
    await nextTurn();
    signal?.throwIfAborted();
  }
}
