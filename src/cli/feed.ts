import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseStream, type RecordedEvent } from '../../events/envelope.ts';
import { type FeedEvent, type FeedFacts, feedEvents } from '../../events/feed.ts';
import { systemClock } from '../clock.ts';
import type { Config } from '../config.ts';
import { evolve, type FeedState, initialState } from '../domain/feed/index.ts';
import { createFeedHandler, type FeedHandler, type FeedResult } from '../feeds.ts';
import { type FeedContext, feedView, privatePath } from '../http/feed-view.ts';
import { feedUses } from '../local/export.ts';
import { eachEvent } from '../store/each-event.ts';
import type { EventStore } from '../store/event-store.ts';
import { CommandFailed, EXIT, WrongUsage } from './failure.ts';
import { withOptions } from './options.ts';
import { openExistingStore, openStore } from './store.ts';
import { oneLine } from './terminal.ts';

/** Saved feeds from the command line: written to the store, which every server on it follows. */

export interface FeedFields {
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly private?: boolean | undefined;
  readonly ceiling?: string | undefined;
  readonly expires?: string | undefined;
  /** `name=value`; a name may come several times. */
  readonly filter?: readonly string[] | undefined;
  readonly option?: readonly string[] | undefined;
}

const REQUEST = { actor: { id: 'cli', ceiling: 'confidential' } } as const;

/** Saves a feed. Its address is the one line on standard output, so that a script can keep it. */
export async function createFeed(config: Config, given: FeedFields): Promise<number> {
  const { id, name, private: hidden, ceiling, expires, filter = [], option = [] } = given;
  const body = present({
    ...{ id, name, private: hidden, ceiling, expiresAt: expires },
    filters: filtersOf(filter),
    options: optionsOf(option),
  });
  const done = await withFeeds(await openStore(config), (feeds) => feeds.save(body, REQUEST));
  tellAddress(config, done);
  return EXIT.fine;
}

/** Changes what is given, and leaves the rest; filters and options are replaced as a whole where given. */
export async function changeFeed(config: Config, id: string, given: FeedFields): Promise<number> {
  const { name, ceiling, expires, filter, option } = given;
  const store = await openExistingStore(config);
  const done = await withFeeds(store, async (feeds) => {
    const { facts } = await savedFeed(store, id);
    const body = present({
      name: name ?? facts.name,
      filters: filter === undefined ? facts.filters : filtersOf(filter),
      options: option === undefined ? facts.options : optionsOf(option),
      ...{ ceiling, expiresAt: expires === 'never' ? null : expires },
    });
    return feeds.change(id, body, REQUEST);
  });
  process.stdout.write(`${done.feed.id} is changed\n`);
  return EXIT.fine;
}

/** Gives a private feed another address, and prints it. */
export async function rotateFeed(config: Config, id: string, graceDays: number): Promise<number> {
  const done = await withFeeds(await openExistingStore(config), (feeds) =>
    feeds.rotate(id, { graceDays }, REQUEST),
  );
  tellAddress(config, done);
  return EXIT.fine;
}

/** Ends every address of a private feed, or the feed itself. */
export async function endFeed(
  config: Config,
  id: string,
  how: 'revoke' | 'remove',
): Promise<number> {
  await withFeeds(await openExistingStore(config), (feeds) => feeds[how](id, REQUEST));
  process.stdout.write(`${id} is ${how === 'revoke' ? 'revoked' : 'deleted'}\n`);
  return EXIT.fine;
}

/** Lists every feed with what it is and its last fetch on this machine, the oldest first. */
export async function listFeeds(config: Config): Promise<number> {
  for (const { id, view } of await readFeeds(config)) {
    const { status, ceiling, use, name } = view;
    const kind = view.private ? `private, ${ceiling}` : 'public';
    const used = use ? `fetched ${use.lastAt}, ${use.count} times` : 'not fetched here';
    const until = view.expiresAt === null ? '' : `, until ${view.expiresAt}`;
    const line = `${id}  ${status}  ${kind}${until}  made ${view.createdAt}, ${used}  ${name}`;
    process.stdout.write(`${oneLine(line)}\n`);
  }
  return EXIT.fine;
}

/** Prints one feed as the API shows it to editors. */
export async function showFeed(config: Config, id: string): Promise<number> {
  const found = (await readFeeds(config)).find((feed) => feed.id === id);
  if (found === undefined) throw unknown(id);
  process.stdout.write(`${JSON.stringify(found.view, undefined, 2)}\n`);
  return EXIT.fine;
}

const unknown = (id: string): CommandFailed =>
  new CommandFailed(`There is no feed ${id}: look for its id in the list of feeds.`);

async function withFeeds(
  store: EventStore,
  work: (feeds: FeedHandler) => Promise<FeedResult>,
): Promise<FeedResult> {
  try {
    const feeds = createFeedHandler({ store, now: systemClock, randomUuid: randomUUID });
    return await withOptions(() => work(feeds));
  } finally {
    await store.close();
  }
}

function tellAddress({ publicUrl = '' }: Config, { feed, secret }: FeedResult): void {
  const { id, facts } = feed;
  const shown = secret === undefined ? '' : ', its address shown only this once';
  process.stderr.write(oneLine(`Feed ${id} (${facts.name}), ${facts.visibility}${shown}:`));
  const path = secret === undefined ? `/feeds/${id}.ics` : privatePath(secret);
  process.stderr.write('\n');
  process.stdout.write(`${publicUrl}${path}\n`);
}

const present = (fields: object): object =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/** Those that take one value. `certain` is true or false; what is neither is refused where filters are checked. */
const SINGLE: ReadonlyMap<string, (value: string) => unknown> = new Map([
  ['from', String],
  ['to', String],
  ['certain', (value: string) => (/^(true|false)$/.test(value) ? value === 'true' : value)],
]);

/** `['country=CH', 'country=AT', 'certain=true']` → {country: ['CH', 'AT'], certain: true}. */
function filtersOf(pairs: readonly string[]): object {
  const filters = new Map<string, unknown>();
  for (const [name, value] of pairs.map(pairOf)) {
    const single = SINGLE.get(name);
    const before = (filters.get(name) as string[] | undefined) ?? [];
    filters.set(name, single === undefined ? [...before, value] : single(value));
  }
  return Object.fromEntries(filters);
}

const optionsOf = (pairs: readonly string[]): object =>
  Object.fromEntries(
    pairs.map(pairOf).map(([name, value]) => [name, /^\d+$/.test(value) ? Number(value) : value]),
  );

function pairOf(text: string): readonly [name: string, value: string] {
  const at = text.indexOf('=');
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new WrongUsage(`${JSON.stringify(text)} is not <name>=<value>, such as country=CH`);
}

async function savedFeed(store: EventStore, id: string): Promise<{ readonly facts: FeedFacts }> {
  const events = await store.readStream(`feed-${id}`);
  const state = events.reduce(foldOne, initialState);
  if (state.status === 'saved') return state;
  throw unknown(id);
}

function foldOne(state: FeedState, event: RecordedEvent): FeedState {
  return Object.hasOwn(feedEvents, event.type)
    ? evolve(state, event as RecordedEvent & FeedEvent)
    : state;
}

interface Listed {
  state: FeedState;
  readonly createdAt: string;
  readonly createdBy: string;
  changedAt: string;
}

/** Folds the log and not a view, which may be absent or behind. */
async function readFeeds(config: Config) {
  const store = await openExistingStore(config);
  const feeds = new Map<string, Listed>();
  try {
    for await (const event of eachEvent(store)) fold(feeds, event);
  } finally {
    await store.close();
  }
  const file = join(config.dataDir, 'local.db');
  const uses = existsSync(file) ? feedUses(file) : new Map();
  return [...feeds].flatMap(([id, listed]) => {
    const use = uses.get(id);
    const context = { publicUrl: config.publicUrl, nowMs: systemClock(), editor: true, use };
    return viewOf(id, listed, context);
  });
}

function viewOf(id: string, { state, ...rest }: Listed, context: FeedContext) {
  if (state.status !== 'saved') return [];
  return [{ id, view: feedView({ id, ...state, ...rest }, context) }];
}

function fold(feeds: Map<string, Listed>, event: RecordedEvent): void {
  const name = parseStream(event.stream);
  if (name?.kind !== 'feed') return;
  const { recordedAt, actor } = event.meta;
  const listed = feeds.get(name.id) ?? {
    ...{ state: initialState, createdAt: recordedAt, createdBy: actor, changedAt: recordedAt },
  };
  listed.state = foldOne(listed.state, event);
  listed.changedAt = recordedAt;
  feeds.set(name.id, listed);
}
