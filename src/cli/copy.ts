import { existsSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { calendar } from '../../projections/calendar.ts';
import { ALL_VIEWS } from '../all-views.ts';
import { CALENDAR_DEFINITION } from '../calendar-definition.ts';
import { storeAt } from '../config.ts';
import { type CopyOptions, compareLogs, copyAfter, resumePoint } from '../copy.ts';
import { nameOfStore, openStore, type StoreSettings } from '../open-store.ts';
import type { SourceLog } from '../redacted-log.ts';
import type { EventStore } from '../store/event-store.ts';
import { fenceStore, releaseStore } from '../store/sqlite/fence.ts';
import { buildView } from '../views/build.ts';
import { compareViews } from '../views/compare.ts';
import { openReader } from '../views/database.ts';
import { buildWhole } from '../views/whole-build.ts';
import { openScratch, scratchOf } from './copy-scratch.ts';
import { CommandFailed, EXIT } from './failure.ts';
import { interruptible } from './interrupt.ts';
import { createProgress } from './progress.ts';
import { type Redactions, redactions } from './redactions.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Appends at once to an embedded store, which shares a transaction among them. */
const AT_ONCE = 500;
/** Times that a source without a fence may have gone on while it was compared. */
const CHASES = 5;

/**
 * Copies all events from one store to another, and compares both at the end: event by event, and the views
 * that come of them. Interrupted or killed, it goes on where it was when it is run again. An embedded source
 * takes no writes from the last batch on, until it is released.
 * @param redact a file that says what the copy is not to hold
 */
export async function copy(
  from: string,
  to: string,
  env: Environment,
  redact?: string,
): Promise<number> {
  const source = existing(storeAt(from, env, '--from'));
  const target = storeAt(to, env, '--to');
  if (isSameStore(source, target)) {
    throw new CommandFailed('--from and --to name the same store: name two');
  }
  await using opened = new AsyncDisposableStack();
  const open = async (settings: StoreSettings) => {
    const store = await openStore(settings);
    opened.defer(() => store.close());
    return store;
  };
  const log = await open(source);
  return await interruptible('run the same command again to go on', async (signal) => {
    // Before the target is made: where nothing is copied, nothing is left.
    const begun = isThere(target) ? await open(target) : undefined;
    const redacted =
      redact === undefined
        ? undefined
        : await redactions(redact, { source: log, target: begun ?? EMPTY });
    const stores = { source: log, target: begun ?? (await open(target)) };
    using scratch = openScratch(scratchOf(source, target, env.DATA_DIR));
    const copying = { source, target, stores, redacted, scratch: scratch.folder };
    const events = await carry(copying, signal);
    process.stdout.write(farewell(events, source, from));
    if (redacted !== undefined) process.stdout.write(REMAINS);
    return EXIT.fine;
  });
}

/** Takes the fence from an embedded store: writes are accepted there again. */
export function release(from: string, env: Environment): number {
  const store = existing(storeAt(from, env, '--from'));
  if (store.kind === 'cluster') {
    throw new CommandFailed('a cluster is never fenced: there is nothing to release');
  }
  const was = releaseStore(store.file);
  process.stdout.write(
    was ? `${store.file} takes events again\n` : `${store.file} was not fenced\n`,
  );
  return EXIT.fine;
}

/** By whatever name or link. */
function isSameStore(source: StoreSettings, target: StoreSettings): boolean {
  if (nameOfStore(source) === nameOfStore(target)) return true;
  if (source.kind !== 'sqlite' || target.kind !== 'sqlite' || !existsSync(target.file))
    return false;
  const [a, b] = [source.file, target.file].map((file) => statSync(file, { bigint: true }));
  return a?.dev === b?.dev && a?.ino === b?.ino;
}

/** Whether a cluster is there shows when it is asked. */
const isThere = (settings: StoreSettings): boolean =>
  settings.kind === 'cluster' || existsSync(settings.file);

/** What a store that is not there holds. */
const EMPTY: SourceLog = { readAll: async () => [], readStream: async () => [] };

function existing(settings: StoreSettings): StoreSettings {
  if (isThere(settings)) return settings;
  throw new CommandFailed(`there is no event store at ${nameOfStore(settings)}: check --from`);
}

interface Stores {
  readonly source: EventStore;
  readonly target: EventStore;
}

interface Copying {
  readonly source: StoreSettings;
  readonly target: StoreSettings;
  readonly stores: Stores;
  readonly redacted: Redactions | undefined;
  /** A folder to build views in. */
  readonly scratch: string;
}

async function carry(
  { source, target, stores, redacted, scratch }: Copying,
  signal: AbortSignal,
): Promise<string> {
  const progress = createProgress(process.stderr, 0);
  const options: CopyOptions = {
    ...{ source: redacted?.log ?? stores.source, target: stores.target, signal },
    atOnce: target.kind === 'sqlite' ? AT_ONCE : 1,
    onProgress: (copied) => progress.update(copied, `${copied} events copied`),
  };
  try {
    const first = await copyAfter(await resumePoint(options.source, stores.target), options);
    // Only for what was written meanwhile: everything before it was copied while writes went on.
    if (source.kind === 'sqlite') fenceStore(source.file);
    const rest = { ...options, source: redacted?.log.ended() ?? stores.source };
    const last = await copyAfter(first.after, rest);
    const { events, digest } = await compared(last.after, rest);
    const views = await (redacted === undefined
      ? sameViews(stores, scratch)
      : buildableViews(stores, scratch));
    const copied = first.copied + last.copied;
    const alike = redacted === undefined ? '' : ` but for ${redacted.told}`;
    return `${copied} events copied; ${events} are the same in both${alike} (${digest.slice(0, 16)}), and ${views}\n`;
  } finally {
    progress.clear();
  }
}

/** A cluster has no fence: what its nodes wrote while it was compared is copied too, a few times. */
async function compared(reached: string | undefined, options: CopyOptions) {
  let after = reached;
  for (let chase = 0; chase < CHASES; chase += 1) {
    const comparison = await compareLogs(options.source, options.target, options.signal);
    if (!comparison.more) return comparison;
    ({ after } = await copyAfter(after, options));
  }
  throw new CommandFailed('the source goes on being written: stop its nodes, and run this again');
}

/** @throws {CommandFailed} what comes of the logs differs */
async function sameViews(stores: Stores, folder: string): Promise<string> {
  const [projection, definition] = [calendar, CALENDAR_DEFINITION];
  const files = [join(folder, 'source.db'), join(folder, 'target.db')] as const;
  await buildView({ store: stores.source, projection, definition, file: files[0] });
  await buildView({ store: stores.target, projection, definition, file: files[1] });
  const [a, b] = [openReader(files[0]), openReader(files[1])];
  try {
    const { tables, difference } = compareViews(a, b);
    if (difference === undefined) return `so are the ${tables.length} tables of the views`;
    throw new CommandFailed(
      `the views of both differ, first in ${difference.table}: report it, and go on with the source`,
    );
  } finally {
    a.close();
    b.close();
  }
}

/** @throws {CommandFailed} an event that could be applied cannot be any more */
async function buildableViews(stores: Stores, folder: string): Promise<string> {
  for (const view of ALL_VIEWS) {
    const before = await setAside(stores.source, view, join(folder, 'source.db'));
    const after = await setAside(stores.target, view, join(folder, 'target.db'));
    const broken = [...after].find((id) => !before.has(id));
    if (broken === undefined) continue;
    throw new CommandFailed(
      `${broken} cannot be applied without its fields: report it, and go on with the source`,
    );
  }
  return 'the views can be built of it';
}

/** Ids of the events that a view of the log would set aside. */
async function setAside(
  store: EventStore,
  { projection, definition }: (typeof ALL_VIEWS)[number],
  file: string,
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const onDeadLetter = ({ id }: { readonly id: string }) => found.add(id);
  await buildWhole({ store, projection, definition, file, onDeadLetter });
  rmSync(file);
  return found;
}

const REMAINS =
  'The source, its views, backups and exports still hold what was redacted: delete them (docs/operations.md)\n';

const farewell = (events: string, source: StoreSettings, from: string): string =>
  source.kind === 'cluster'
    ? `${events}The source goes on taking events: stop its nodes, run this once more, then set STORE_URL to the copy\n`
    : `${events}${source.file} takes no more events. Set STORE_URL to the copy; to go back: copy --release --from ${from}\n`;
