import { DatabaseSync } from 'node:sqlite';
import { openSqliteStore } from '../../../src/store/sqlite/index.ts';
import { anEvent, idsOf, someEvents } from '../events.ts';

/**
 * The other process of a test: `child.ts <file> <what>`. Speaks in lines on standard output, does the next
 * thing at each line on standard input.
 */

const [file = '', what = '', name = ''] = process.argv.slice(2);
const say = (value: unknown): boolean => process.stdout.write(`${JSON.stringify(value)}\n`);

// Left open, standard input would keep the process after its work is done.
const told = process.stdin[Symbol.asyncIterator]();
const next = (): Promise<unknown> => told.next();

/** Ten writers, each with a stream of its own; says each append once it is acknowledged. */
async function writeForEver(): Promise<void> {
  const store = await openSqliteStore({ file });
  const writer = async (stream: string) => {
    for (let at = -1; ; at += 3) {
      const events = someEvents(3);
      await store.append(stream, events, at < 0 ? 'none' : at);
      say({ stream, from: at + 1, ids: idsOf(events) });
    }
  };
  await Promise.all(Array.from({ length: 10 }, (_, index) => writer(`meeting-${name}-${index}`)));
}

/** Holds the lock of the writer until told to let go. */
async function hold(): Promise<void> {
  const db = new DatabaseSync(file);
  db.exec('BEGIN IMMEDIATE');
  say('held');
  await next();
  db.exec('COMMIT');
  db.close();
  say('released');
}

/** Appends one event each time it is told to; says when. */
async function appendWhenTold(): Promise<void> {
  const store = await openSqliteStore({ file });
  say('open');
  for (let at = -1; !((await next()) as { done: boolean }).done; at += 1) {
    await store.append('meeting-other', [anEvent()], at < 0 ? 'none' : at);
    say(Date.now());
  }
  await store.close();
}

/** Writes a hundred appends to streams that the other processes write to as well. */
async function compete(): Promise<void> {
  const store = await openSqliteStore({ file });
  say('open');
  await next();
  const outcomes = await Promise.allSettled(
    Array.from({ length: 100 }, (_, index) =>
      store.append(`meeting-${index}`, someEvents(2), 'none'),
    ),
  );
  say(outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.name : 'written')));
  await store.close();
}

const tasks: Record<string, () => Promise<void>> = { writeForEver, hold, appendWhenTold, compete };
await tasks[what]?.();
process.exit(0);
