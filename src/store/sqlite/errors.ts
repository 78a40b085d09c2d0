import { setTimeout as delay } from 'node:timers/promises';
import { StoreFenced, StoreInvalid, StoreUnavailable } from '../event-store.ts';

/** The driver's errors in our words. Numbers: https://sqlite.org/rescode.html */

const BUSY = new Set([5, 6]);
const NO_RIGHTS = new Set([3, 8, 14, 23]);
const OUT_OF_RESOURCES = new Set([7, 10, 13]);
const DAMAGED = new Set([11, 26]);
const UNIQUE_VIOLATION = 2067;
/** What a trigger raises, of which there is only the fence. */
const FENCED = 1811;

/** The extended result code of a driver's error; undefined for any other error. */
function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode : undefined;
}

const isOneOf = (codes: ReadonlySet<number>, error: unknown): boolean =>
  codes.has((resultCode(error) ?? 0) & 0xff);

/** Another connection holds the lock: try again later. */
export const isBusy = (error: unknown): boolean => isOneOf(BUSY, error);

/** The file is no database, or a damaged one. */
export const isDamaged = (error: unknown): boolean => isOneOf(DAMAGED, error);

export const isUniqueViolation = (error: unknown): boolean =>
  resultCode(error) === UNIQUE_VIOLATION;

/**
 * @param outcome what a failed append left behind; of no meaning for a read
 * @returns StoreUnavailable or StoreInvalid; an error that is not about the file, as it is
 */
export function translate(
  error: unknown,
  file: string,
  outcome: StoreUnavailable['outcome'] = 'not-written',
): unknown {
  const cause = { cause: error };
  if (isBusy(error)) {
    const text = `${file} is held by another process: try again, or end what holds it`;
    return new StoreUnavailable(text, outcome, cause);
  }
  if (resultCode(error) === FENCED) {
    const text = `${file} takes no more events, since it was copied: use the copy, or release it with copy --release`;
    return new StoreFenced(text, cause);
  }
  if (isOneOf(OUT_OF_RESOURCES, error)) {
    const text = `${file} cannot be read or written (${(error as Error).message}): check the disk and its free space`;
    return new StoreUnavailable(text, outcome, cause);
  }
  if (isOneOf(NO_RIGHTS, error)) {
    const text = `${file} cannot be opened for writing: give this user the right to write the file and its folder`;
    return new StoreInvalid(text, cause);
  }
  if (isDamaged(error)) {
    const text = `${file} is damaged or not an event store: restore it from a backup, or choose another file`;
    return new StoreInvalid(text, cause);
  }
  return error;
}

/** Milliseconds until the next try of a busy file; spread, so that two waiting processes do not march in step. */
export const backoff = (): number => 2 + Math.random() * 20;

/**
 * Runs a synchronous task, again while the file is busy. SQLite's own waiting would block the event loop.
 * @throws {StoreUnavailable} still busy after `busyMs`
 */
export async function whenFree<T>(task: () => T, file: string, busyMs: number): Promise<T> {
  const deadline = performance.now() + busyMs;
  for (;;) {
    try {
      return task();
    } catch (error) {
      if (!isBusy(error) || performance.now() >= deadline) throw translate(error, file);
    }
    await delay(backoff());
  }
}
