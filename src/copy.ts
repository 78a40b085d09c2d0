import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { RecordedEvent } from '../events/envelope.ts';
import type { SourceLog } from './redacted-log.ts';
import {
  type EventStore,
  type ExpectedRevision,
  PartialAppend,
  type Position,
  RevisionConflict,
  StoreFenced,
  StoreUnavailable,
} from './store/event-store.ts';

/** Copies one store's log to another: order, ids, revisions and meta unchanged. */

/** The target cannot take the log, or does not hold what the source holds. The message says what to do. */
export class CopyRefused extends Error {
  override readonly name = 'CopyRefused';
  readonly code = 'copy-refused';
}

export interface CopyOptions {
  readonly source: SourceLog;
  readonly target: EventStore;
  /**
   * Appends handed over at once. More than one only for a target that carries out in order what comes in one
   * turn of the event loop, or gives up all of it: else a failure would leave a hole.
   */
  readonly atOnce: number;
  readonly onProgress: (copied: number) => void;
  readonly signal: AbortSignal;
}

/** Events read at once, and in one append. */
const PAGE = 500;
const APPEND = 100;
/** UTF-16 units of JSON in one append: well below what every store takes. */
const APPEND_SIZE = 200_000;
/** Milliseconds for which a store that is away is tried again. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 250;

/**
 * Where in the source an earlier copy came to: the place of the target's last event.
 * @throws {CopyRefused} the target has other events
 */
export async function resumePoint(
  source: SourceLog,
  target: EventStore,
): Promise<Position | undefined> {
  const [first] = await target.readAll({ limit: 1 });
  const [last] = await target.readAll({ limit: 1, backwards: true });
  if (first === undefined || last === undefined) return undefined;
  const [begin] = await source.readAll({ limit: 1 });
  const [reached] = await source.readStream(last.stream, { from: last.revision, limit: 1 });
  if (begin?.id === first.id && reached?.id === last.id) return reached.position;
  throw new CopyRefused(
    'the target holds other events: copy to an empty one, or choose another STREAM_PREFIX',
  );
}

/**
 * Copies what the source has after a place, up to its end as it then is.
 * @returns the place reached, and how many events were copied
 * @throws {CopyRefused} somebody else writes into the target
 */
export async function copyAfter(
  start: Position | undefined,
  options: CopyOptions,
): Promise<{ readonly after: Position | undefined; readonly copied: number }> {
  let after = start;
  let copied = 0;
  for (;;) {
    const from = after;
    const page = await patiently(
      () => options.source.readAll({ after: from, limit: PAGE }),
      options.signal,
    );
    const last = page.at(-1);
    if (last === undefined) return { after, copied };
    await appendAll(runsOf(page), options);
    after = last.position;
    copied += page.length;
    options.onProgress(copied);
  }
}

/** Events of one stream that follow each other in the log: they can go in one append. */
function runsOf(page: readonly RecordedEvent[]): RecordedEvent[][] {
  const runs: RecordedEvent[][] = [];
  let size = 0;
  for (const event of page) {
    const run = runs.at(-1);
    const bytes = JSON.stringify(event).length;
    size += bytes;
    const goesOn = run?.at(-1)?.stream === event.stream && run.length < APPEND;
    if (run !== undefined && goesOn && size < APPEND_SIZE) run.push(event);
    else {
      runs.push([event]);
      size = bytes;
    }
  }
  return runs;
}

async function appendAll(
  runs: readonly RecordedEvent[][],
  { target, atOnce, signal }: CopyOptions,
): Promise<void> {
  for (let start = 0; start < runs.length; start += atOnce) {
    const batch = runs.slice(start, start + atOnce);
    // Again as a whole: one that was tried again by itself could come after its successors.
    await patiently(() => allOf(batch.map((run) => appendRun(target, run))), signal);
  }
}

/** Settles when all have. @throws what the first of them in order failed with */
async function allOf(tasks: readonly Promise<void>[]): Promise<void> {
  const settled = await Promise.allSettled(tasks);
  const failed = settled.find((one) => one.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

async function appendRun(target: EventStore, run: readonly RecordedEvent[]): Promise<void> {
  const { stream, revision } = run[0] as RecordedEvent;
  const expected: ExpectedRevision = revision === 0 ? 'none' : revision - 1;
  const events = run.map(({ id, type, data, meta }) => ({ id, type, data, meta }));
  try {
    await target.append(stream, events, expected);
  } catch (error) {
    if (!(error instanceof RevisionConflict || error instanceof PartialAppend)) throw error;
    throw new CopyRefused(
      `the target is being written by others (${error.message}): stop them, and copy to an empty one`,
      { cause: error },
    );
  }
}

/** Again while a store is away, for a time: an append is repeated with the same ids at the same revision. */
async function patiently<T>(task: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const begun = performance.now();
  for (;;) {
    signal.throwIfAborted();
    try {
      return await task();
    } catch (error) {
      const over = performance.now() - begun > PATIENCE_MS;
      // One that was copied takes nothing however often it is asked.
      const isAway = error instanceof StoreUnavailable && !(error instanceof StoreFenced);
      if (!isAway || over) throw error;
    }
    await delay(PAUSE_MS, undefined, { signal });
  }
}

export interface LogComparison {
  readonly events: number;
  /** SHA-256 of the target's log as `export` writes it, lower-case hex. */
  readonly digest: string;
  /** The source has events beyond those of the target. */
  readonly more: boolean;
}

/**
 * Compares two logs event by event.
 * @throws {CopyRefused} at the first difference
 */
export async function compareLogs(
  source: SourceLog,
  target: EventStore,
  signal: AbortSignal,
): Promise<LogComparison> {
  const hash = createHash('sha256');
  let events = 0;
  let [there, here]: [Position | undefined, Position | undefined] = [undefined, undefined];
  for (;;) {
    signal.throwIfAborted();
    const [theirs = [], ours = []]: RecordedEvent[][] = await Promise.all([
      source.readAll({ after: there, limit: PAGE }),
      target.readAll({ after: here, limit: PAGE }),
    ]);
    const lines = ours.map(lineOf);
    const differs = lines.findIndex((line, index) => line !== lineOf(theirs[index]));
    if (differs >= 0) throw different(ours[differs], events + differs);
    for (const line of lines) hash.update(line);
    events += ours.length;
    if (ours.length < PAGE) {
      return { events, digest: hash.digest('hex'), more: theirs.length > ours.length };
    }
    [there, here] = [theirs[ours.length - 1]?.position, ours.at(-1)?.position];
  }
}

function lineOf(event: RecordedEvent | undefined): string {
  if (event === undefined) return '';
  const { position: _, ...rest } = event;
  const { id, stream, revision, type, data, meta } = rest;
  return `${JSON.stringify({ id, stream, revision, type, data, meta })}\n`;
}

const different = (event: RecordedEvent | undefined, index: number): CopyRefused =>
  new CopyRefused(
    `event ${index + 1} of the target (${event?.id}, revision ${event?.revision} of ${event?.stream}) is not that of the source: copy to an empty one`,
  );
