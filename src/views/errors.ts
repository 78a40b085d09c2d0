import type { RecordedEvent } from '../../events/envelope.ts';

/** The view is being built, or is not there yet: nothing can be read from it for now. */
export class ViewBehind extends Error {
  override readonly name = 'ViewBehind';
  readonly code = 'view-behind';

  constructor(view: string) {
    super(`the ${view} view is being built: try again in a few seconds`);
  }
}

/** Another process owns the views folder. */
export class ViewsOwned extends Error {
  override readonly name = 'ViewsOwned';
  readonly code = 'views-owned';

  constructor(folder: string) {
    super(
      `the views in ${folder} belong to another running Chancery: stop that one, or give this one a folder of its own with DATA_DIR`,
    );
  }
}

/** The views folder cannot be used. The message says what to do. */
export class ViewsUnusable extends Error {
  override readonly name = 'ViewsUnusable';
  readonly code = 'views-unusable';
}

/** An operator's rebuild met an event that cannot be applied. */
export class DeadLetterFound extends Error {
  override readonly name = 'DeadLetterFound';
  readonly code = 'dead-letter';

  constructor(event: RecordedEvent, reason: string) {
    const { position, stream, revision, type } = event;
    super(
      `the event at position ${position} (stream ${stream}, revision ${revision}, ${type}) cannot be applied: ${reason}. Mend the program, or rebuild with --skip to set its stream aside`,
    );
  }
}

/** A rebuild, or other long work on the views, is under way, and one is enough. */
export class RebuildRunning extends Error {
  override readonly name = 'RebuildRunning';
  readonly code = 'rejected';
  readonly rule = 'rebuild-running';

  constructor(what = 'a rebuild') {
    super(`${what} is running: wait for it, or cancel it`);
  }
}

/** Work on the views needs a copy of them for a while, for which there is no room. */
export class NoRoomForViews extends Error {
  override readonly name = 'NoRoomForViews';
  readonly code = 'overloaded';

  constructor(cause: unknown) {
    super('the disk takes no copy of the views beside them: make room on it, and try again', {
      cause,
    });
  }
}

// SQLite's primary result codes (https://sqlite.org/rescode.html) for which the statement or its values
// are to blame: ERROR, TOOBIG, CONSTRAINT, MISMATCH, RANGE. The same event would fail in the same way again.
const STATEMENT_FAULTS: ReadonlySet<number> = new Set([1, 18, 19, 20, 25]);
// CORRUPT, NOTADB.
const BROKEN_FILE: ReadonlySet<number> = new Set([11, 26]);
// FULL, and IOERR_WRITE: what a limit on the size of files comes as.
const NO_ROOM: ReadonlySet<number> = new Set([13, 778]);

function codeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode : undefined;
}

function primaryCode(error: unknown): number | undefined {
  const code = codeOf(error);
  return code === undefined ? undefined : code & 0xff;
}

/** Whether the database or its disk is to blame (full, read-only, I/O), not the event: worth a retry. */
export function isDatabaseFault(error: unknown): boolean {
  const code = primaryCode(error);
  return code !== undefined && !STATEMENT_FAULTS.has(code);
}

/** Whether the disk takes no more: also as the cause of what is said of it. */
export function isDiskFull(error: unknown): boolean {
  if (error instanceof ViewsUnusable) return isDiskFull(error.cause);
  const { code } = (error ?? {}) as { code?: unknown };
  return NO_ROOM.has(codeOf(error) ?? 0) || code === 'ENOSPC' || code === 'EDQUOT';
}

/** Whether the file is no database or a damaged one: a view is then built anew. */
export function isBrokenFile(error: unknown): boolean {
  const code = primaryCode(error);
  return code !== undefined && BROKEN_FILE.has(code);
}

/** Whether a handle was used after it was closed: its file serves no longer. */
export const isClosedHandle = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_INVALID_STATE';

/** Whether opening failed because the file is no view of this version: damaged, or with other tables. */
export function isForeignFile(error: unknown): boolean {
  return isBrokenFile(error) || STATEMENT_FAULTS.has(primaryCode(error) ?? 0);
}

/**
 * What work on a view's file makes of it, where that is not built anew by itself.
 * @throws {ViewsUnusable} the file is damaged
 */
export async function unlessDamaged<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isBrokenFile(error)) throw error;
    throw damaged(file, { cause: error });
  }
}

export const damaged = (file: string, options?: ErrorOptions): ViewsUnusable =>
  new ViewsUnusable(`the view in ${file} is damaged: run rebuild`, options);

export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
