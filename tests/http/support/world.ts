import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import pino from 'pino';
import { Registry } from 'prom-client';
import { access as accessProjection } from '../../../projections/access.ts';
import { feedQueries } from '../../../projections/feeds.ts';
import { tokenQueries } from '../../../projections/tokens.ts';
import { type Holder, openAccess } from '../../../src/access.ts';
import { reachedBy } from '../../../src/access-parts.ts';
import { createFeedHandler } from '../../../src/feeds.ts';
import { createHandler, RULES } from '../../../src/handle.ts';
import { buildApp } from '../../../src/http/app.ts';
import type {
  AppDeps,
  Calendars,
  CalendarText,
  FeedAsk,
  Feeds,
  FeedUse,
  Reading,
  Tokens,
} from '../../../src/http/deps.ts';
import { LagMonitor } from '../../../src/lag.ts';
import type { EventStore } from '../../../src/store/event-store.ts';
import { openSqliteStore } from '../../../src/store/sqlite/index.ts';
import { createTokenHandler } from '../../../src/tokens.ts';
import { Projector } from '../../../src/views/projector.ts';
import { checkAnswer, type Got, send } from './ask.ts';
import { ContractChecker, type OpenApi } from './openapi.ts';
import { FakeTimers } from './timers.ts';
import { TestViews } from './views.ts';

export type { Got } from './ask.ts';
export { MEETING, REPORT } from './facts.ts';

export const TOKENS = {
  reader: 'reader-token-of-the-tests-0123456789abcdef',
  editor: 'editor-token-of-the-tests-0123456789abcdef',
  insider: 'insider-token-of-the-tests-0123456789abcde',
  admin: 'admin-token-of-the-tests-0123456789abcdef0',
} as const;
export type Who = keyof typeof TOKENS;

const HOLDERS: Readonly<Record<Who, Holder>> = {
  reader: { actor: 'reader', role: 'reader', level: 1 },
  editor: { actor: 'editor', role: 'editor', level: 1 },
  insider: { actor: 'insider', role: 'editor', level: 2 },
  admin: { actor: 'env', role: 'admin', level: 2 },
};

export const START = Date.parse('2021-11-22T08:00:00Z');

export type Headings = Readonly<Record<string, string | readonly string[]>>;

export interface Ask {
  readonly method?: string;
  readonly as?: Who | undefined;
  readonly headers?: Headings;
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly raw?: string | Uint8Array;
  /** A 500 is what the test wants to see. */
  readonly fault?: boolean;
}

/** A listening app on a real store file, with a real view; every answer is checked against the document. */
export interface World {
  readonly app: FastifyInstance;
  readonly port: number;
  readonly store: EventStore;
  readonly views: TestViews;
  readonly clock: { ms: number };
  /** The real view of tokens, which follows the store. */
  readonly tokens: Projector;
  /** What was told of readings of confidential entries. */
  readonly readings: Reading[];
  /** Lines of the log. */
  readonly logged: string[];
  readonly checker: ContractChecker;
  ask(path: string, ask?: Ask): Promise<Got>;
  get(path: string, as?: Who, headers?: Headings): Promise<Got>;
  post(path: string, body?: unknown, headers?: Headings, as?: Who): Promise<Got>;
  /** The id of the last event in the store. */
  head(): Promise<string | undefined>;
  close(): Promise<void>;
}

/** A stand-in for the composer of feeds: bytes that change with the view. */
const textOf = (text: string) => {
  const body = Buffer.from(text);
  return {
    count: text.split('\r\n').length - 3,
    plain: async () => [body.subarray(0, 9), body.subarray(9)],
    kept: (encoding: string) => (encoding === 'plain' ? [body] : undefined),
    length: body.length,
    etag: `"${createHash('sha256').update(body).digest('base64url')}"`,
    gzip: async () => [await promisify(gzip)(body)],
  };
};

function calendarsOf(views: TestViews): Calendars {
  const reader = (clockMs: number) => ({ level: 0, editor: false, clockMs }) as const;
  const kept = new WeakMap<FeedAsk, { version: number; nowMs: number; text: CalendarText }>();
  return {
    unchanged: (ask, nowMs) => {
      const known = kept.get(ask);
      return known?.version === views.version && known.nowMs === nowMs ? known.text : undefined;
    },
    feed: async (ask, nowMs) => {
      const { filters, options, path } = ask;
      const page = views
        .queries()
        ?.listMeetings({ reader: reader(nowMs), nowMs, filters, limit: 500 });
      const head = `BEGIN:VCALENDAR\r\n${path} ${JSON.stringify(options)}\r\n`;
      const text = textOf(`${head}${page?.items.map((m) => `${m.title}\r\n`).join('')}`);
      kept.set(ask, { version: views.version, nowMs, text });
      return text;
    },
    one: async (id, nowMs) => {
      const found = views.queries()?.getMeeting(reader(nowMs), id);
      if (found?.kind !== 'found') return undefined;
      if (found.value.when === null) return 'This meeting has no date yet.';
      return textOf(`BEGIN:VCALENDAR\r\n${found.value.title}\r\n`);
    },
  };
}

/** `change` puts other parts in place of some, made from those there are. */
export async function openWorld(
  change: (deps: AppDeps) => Partial<AppDeps> = () => ({}),
): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'chancery-http-'));
  const store = await openSqliteStore({ file: join(folder, 'store.db') });
  const views = new TestViews(join(folder, 'view.db'), store);
  const clock = { ms: START };
  const logged: string[] = [];
  const readings: Reading[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => logged.push(line) });
  const tokens = openTokens(folder, store, clock, log);
  await createTokenHandler({ store, now: () => clock.ms, randomUuid: randomUUID }).issueFirst();
  await saveFeeds(store, () => clock.ms);
  await tokens.ready;
  const deps = depsOf({ store, views, clock, log, tokens, readings });
  const changed = { ...deps, ...change(deps) };
  const app = buildApp({ ...changed, lag: lagOf(changed) });
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true });
  const checker = checkerOf(app);
  const ask = (path: string, given: Ask = {}) => askOver({ port, agent, checker }, path, given);
  return {
    app,
    port,
    store,
    views,
    ...{ clock, tokens, readings },
    logged,
    checker,
    ask,
    get: (path, as, headers = {}) => ask(path, { headers, as }),
    post: (path, body = {}, headers = {}, as = 'editor') =>
      ask(path, { method: 'POST', body, headers, as }),
    head: async () => (await store.head())?.id,
    close: async () => {
      agent.destroy();
      await app.close();
      views.close();
      await tokens.close();
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
}

let known: ContractChecker | undefined;

/**
 * One for all worlds, whose documents say the same of every answer (tests/http/openapi.test.ts): to make one and to
 * compile its schemas takes longer than most tests.
 */
function checkerOf(app: FastifyInstance): ContractChecker {
  known ??= new ContractChecker(app.swagger() as unknown as OpenApi);
  return known;
}

/** It looks when it is asked; when it looks by itself is tested in tests/lag.test.ts. */
const lagOf = ({ store, views, clock: now }: Pick<AppDeps, 'store' | 'views' | 'clock'>) =>
  new LagMonitor({ store, views, now, timers: new FakeTimers(), stallMs: 30_000 });
/** A public and a private feed of everything public. */
export const FEEDS = { open: 'everything', shut: 'desk', token: 'd'.repeat(43) } as const;

async function saveFeeds(store: EventStore, now: () => number): Promise<void> {
  const secret = () => FEEDS.token;
  const feeds = createFeedHandler({ store, now, randomUuid: randomUUID, secret });
  const request = { actor: { id: 'env', ceiling: 'confidential' } } as const;
  await feeds.save({ id: FEEDS.open, name: 'Everything' }, request);
  const desk = { id: FEEDS.shut, name: 'Desk', private: true, ceiling: 'public' };
  await feeds.save(desk, request);
}

function openTokens(
  folder: string,
  store: EventStore,
  clock: { ms: number },
  log: pino.Logger,
): Projector {
  const now = () => clock.ms;
  const definition = 'access test';
  const view = new Projector({ folder, store, projection: accessProjection, definition, log, now });
  view.start();
  return view;
}

interface Parts extends Pick<World, 'store' | 'views' | 'clock' | 'tokens' | 'readings'> {
  readonly log: pino.Logger;
}

function tokensOf({ store, clock, tokens }: Parts): Tokens {
  const handler = createTokenHandler({ store, now: () => clock.ms, randomUuid: randomUUID });
  const uses = new Map<string, number>();
  const queries = () => tokenQueries(tokens.reader());
  return {
    ...{ issue: handler.issue, revoke: handler.revoke },
    status: () => tokens.status(),
    list: (limit, before) => queries().list(limit, before),
    one: (id) => queries().one(id),
    lastUse: (id) => uses.get(id),
    waitFor: (eventId, timeoutMs) => tokens.waitFor(eventId, timeoutMs),
  };
}

function feedsOf({ store, clock, tokens }: Parts): Feeds {
  const uses = new Map<string, FeedUse>();
  const queries = () => feedQueries(tokens.reader());
  return {
    ...createFeedHandler({ store, now: () => clock.ms, randomUuid: randomUUID }),
    list: (reader, limit, before) => queries().list(reader, limit, before),
    seqOf: (reader, id) => queries().seqOf(reader, id),
    one: (reader, id) => queries().one(reader, id),
    byToken: (hash) => queries().byToken(hash),
    knows: (eventId, reader, hash) => queries().knows(eventId, reader, hash),
    used: (id, client) => {
      const count = (uses.get(id)?.count ?? 0) + 1;
      uses.set(id, { atMs: clock.ms, client, count });
    },
    use: (id) => uses.get(id),
    waitFor: (eventId, timeoutMs) => tokens.waitFor(eventId, timeoutMs),
    reached: reachedBy(tokens),
  };
}

function depsOf(parts: Parts): AppDeps {
  const { store, views, clock, log, tokens, readings } = parts;
  const now = () => clock.ms;
  const given = new Map((Object.keys(TOKENS) as Who[]).map((who) => [TOKENS[who], HOLDERS[who]]));
  const source = {
    tokens: () => tokenQueries(tokens.reader()),
    onChange: (listener: () => void) => void tokens.onBatch(listener),
    isStale: () => false,
  };
  const calendars = calendarsOf(views);
  return {
    queries: () => views.queries(),
    views,
    lag: lagOf({ store, views, clock: now }),
    handle: createHandler({ store, now, randomUuid: randomUUID }),
    store,
    calendars: () => (views.building ? undefined : calendars),
    access: openAccess(source, given, now),
    tokens: tokensOf(parts),
    feeds: feedsOf(parts),
    onReading: (reading) => void readings.push(reading),
    // The real ones are tested with the whole program: tests/system/admin.test.ts.
    rebuilds: { start: () => {}, cancel: () => false, status: { state: 'none' } },
    verify: async () => ({ ok: true, events: 0, tables: [], difference: undefined }),
    deadLetters: () => [],
    clock: now,
    rules: RULES,
    version: '0.0.0-test',
    metrics: new Registry(),
    log,
    randomUuid: randomUUID,
    limits: { seenWaitMs: 50, writeWaitMs: 50 },
  };
}

interface Server {
  readonly port: number;
  readonly agent: Agent;
  readonly checker: ContractChecker;
}

async function askOver(server: Server, path: string, ask: Ask): Promise<Got> {
  const { method = 'GET', as, headers = {}, body, raw, fault = false } = ask;
  const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const got = await send(server, path, {
    method,
    headers: {
      ...(as === undefined ? {} : { authorization: `Bearer ${TOKENS[as]}` }),
      ...(sent === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    body: sent,
  });
  const surprising = got.status >= 500 && got.status !== 503 && !fault;
  if (surprising) throw new Error(`unexpected ${got.status} of ${method} ${path}: ${got.text}`);
  checkAnswer(method, got);
  checkContract(server.checker, method, path, got);
  return got;
}

function checkContract(checker: ContractChecker, method: string, path: string, got: Got): void {
  // Preflights are the browser's own, before it asks.
  if (method === 'HEAD' || path.startsWith('/docs')) return;
  if (method === 'OPTIONS' && got.status === 204) return;
  checker.check({
    method,
    path: path.replace(/^http:\/\/[^/?]+/i, '').split('?')[0] || '/',
    status: got.status,
    contentType: got.headers.get('content-type') ?? undefined,
    headers: got.headers,
    body: got.text,
  });
}
