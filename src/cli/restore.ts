import { randomUUID } from 'node:crypto';
import { createReadStream, existsSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { addAbortSignal } from 'node:stream';
import * as z from 'zod';
import type { NewEvent } from '../../events/envelope.ts';
import { inWords } from '../commands.ts';
import type { Config } from '../config.ts';
import { makeFolder } from '../folder.ts';
import {
  type EventStore,
  InvalidEvent,
  PartialAppend,
  RevisionConflict,
} from '../store/event-store.ts';
import { openSqliteStore } from '../store/sqlite/index.ts';
import { replaceEmptyStore } from '../store/sqlite/replace.ts';
import { tryLock } from '../views/lock.ts';
import { CommandFailed, EXIT } from './failure.ts';
import { interruptible } from './interrupt.ts';
import { linesOf } from './lines.ts';
import { createProgress } from './progress.ts';
import { embeddedFile } from './store.ts';

/** One line of an export. What a newer writer has put beside these fields of `meta` is kept. */
const exported = z.strictObject({
  id: z.uuid(),
  stream: z.string().min(1),
  revision: z.int().min(0),
  type: z.string().min(1),
  data: z.record(z.string(), z.json()),
  meta: z.looseObject({ recordedAt: z.string(), statedAt: z.string(), schema: z.int() }),
});
type Exported = z.infer<typeof exported>;

/** Events appended in one turn, which share a transaction. */
const BATCH = 500;

/**
 * Fills an empty store with the events of an export, in their order, ids and revisions unchanged. The store is
 * there when all of it is, and not before.
 */
export async function restore(config: Config, file: string): Promise<number> {
  const size = file === '-' ? 0 : statSync(file).size;
  const storeFile = embeddedFile(
    config,
    'restore into an embedded store, then copy that one to the cluster',
  );
  makeFolder(config.dataDir);
  makeFolder(dirname(storeFile));
  // A server has its store open: one that was put in its place would never be seen, and lost with it.
  const lock = tryLock(join(config.dataDir, 'views'));
  if (lock === undefined) {
    throw new CommandFailed(
      `a server uses ${config.dataDir}: stop it, or restore into another DATA_DIR`,
    );
  }
  try {
    const count = await interruptible('nothing was restored', (signal) =>
      fill(storeFile, file, size, signal),
    );
    process.stdout.write(`${count} events restored\n`);
    return EXIT.fine;
  } finally {
    lock.release();
  }
}

/** Makes the store under another name, and puts it in its place when it is whole. */
async function fill(
  storeFile: string,
  file: string,
  size: number,
  signal: AbortSignal,
): Promise<number> {
  await requireEmpty(storeFile);
  const making = `${storeFile}.${randomUUID()}.restoring`;
  const progress = createProgress(process.stderr, size);
  try {
    const store = await openSqliteStore({ file: making });
    let count = 0;
    try {
      const input = addAbortSignal(signal, file === '-' ? process.stdin : createReadStream(file));
      for await (const { batch, bytes } of batches(input)) {
        await append(store, batch);
        count += batch.length;
        progress.update(bytes, `${count} events`);
      }
    } finally {
      await store.close();
    }
    signal.throwIfAborted();
    await (await openSqliteStore({ file: storeFile })).close();
    replaceEmptyStore(storeFile, making);
    return count;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    progress.clear();
    remove(making);
  }
}

function remove(store: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${store}${suffix}`, { force: true });
}

async function requireEmpty(file: string): Promise<void> {
  if (!existsSync(file)) return;
  const store = await openSqliteStore({ file });
  try {
    if ((await store.head()) === undefined) return;
  } finally {
    await store.close();
  }
  throw new CommandFailed(`${file} holds events already: restore into another DATA_DIR`);
}

interface Numbered {
  readonly line: number;
  readonly event: Exported;
}

/**
 * @throws {CommandFailed} an event comes again, which the store would take for the first one repeated, and say nothing;
 * or one is missing
 */
function requireNext({ line, event: { stream, revision } }: Numbered, last: Map<string, number>) {
  const next = (last.get(stream) ?? -1) + 1;
  last.set(stream, revision);
  if (revision === next) return;
  const why =
    revision < next
      ? 'is in the file before'
      : `comes without revision ${next}: the file is cut off at its beginning, or lines of it are missing`;
  throw new CommandFailed(
    `line ${line}: revision ${revision} of ${stream} ${why}. Nothing was restored`,
  );
}

async function* batches(
  input: NodeJS.ReadableStream,
): AsyncGenerator<{ batch: Numbered[]; bytes: number }> {
  let batch: Numbered[] = [];
  let bytes = 0;
  let line = 0;
  /** Stream → the revision that came last. */
  const last = new Map<string, number>();
  for await (const text of linesOf(input)) {
    line += 1;
    bytes += Buffer.byteLength(text) + 1;
    if (text.trim() === '') continue;
    const numbered = { line, event: parse(text, line) };
    requireNext(numbered, last);
    batch.push(numbered);
    if (batch.length < BATCH) continue;
    yield { batch, bytes };
    batch = [];
  }
  if (batch.length > 0) yield { batch, bytes };
  // What an export leaves that failed at once; and the empty store of an empty file would be taken for the real one.
  if (last.size === 0)
    throw new CommandFailed('there is no event in the file: nothing was restored');
}

function parse(text: string, line: number): Exported {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new CommandFailed(
      `line ${line} is not JSON: the file is cut off or no export. Nothing was restored`,
    );
  }
  const result = exported.safeParse(value, { error: inWords });
  // As it came, not as parsed: keys keep their order, so that an export of the copy is the same text.
  if (result.success) return value as Exported;
  const [issue] = result.error.issues;
  throw new CommandFailed(
    `line ${line} is no event of an export (${issue?.path.join('.') || 'the line'}: ${issue?.message}). Nothing was restored`,
  );
}

/** All in one turn and in order: they share a transaction, and each finds the one before. */
async function append(store: EventStore, batch: readonly Numbered[]): Promise<void> {
  await Promise.all(
    batch.map(async ({ line, event: { stream, revision, ...event } }) => {
      const expected = revision === 0 ? 'none' : revision - 1;
      try {
        await store.append(stream, [event as unknown as NewEvent], expected);
      } catch (error) {
        throw refused(error, line) ?? error;
      }
    }),
  );
}

function refused(error: unknown, line: number): CommandFailed | undefined {
  const known = [RevisionConflict, PartialAppend, InvalidEvent].some(
    (kind) => error instanceof kind,
  );
  return known
    ? new CommandFailed(`line ${line}: ${(error as Error).message}. Nothing was restored`)
    : undefined;
}
