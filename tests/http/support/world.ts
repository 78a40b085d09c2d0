import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import pino from 'pino';
import { Registry } from 'prom-client';
import type { Holder } from '../../../src/access.ts';
import { createHandler, RULES } from '../../../src/handle.ts';
import { buildApp } from '../../../src/http/app.ts';
import type { AppDeps, Calendars } from '../../../src/http/deps.ts';
import type { EventStore } from '../../../src/store/event-store.ts';
import { openSqliteStore } from '../../../src/store/sqlite/index.ts';
import { ContractChecker, type OpenApi } from './openapi.ts';
import { TestViews } from './views.ts';

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

export interface Ask {
  readonly method?: string;
  readonly as?: Who;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly raw?: string | Uint8Array;
}

export interface Got {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly bytes: Buffer;
  json<T = Record<string, never>>(): T;
}

/** A listening app on a real store file, with a real view; every answer is checked against the document. */
export interface World {
  readonly app: FastifyInstance;
  readonly url: string;
  readonly port: number;
  readonly store: EventStore;
  readonly views: TestViews;
  readonly clock: { ms: number };
  readonly logged: string[];
  readonly checker: ContractChecker;
  ask(path: string, ask?: Ask): Promise<Got>;
  get(path: string, as?: Who, headers?: Record<string, string>): Promise<Got>;
  post(path: string, body: unknown, headers?: Record<string, string>, as?: Who): Promise<Got>;
  close(): Promise<void>;
}

/** A stand-in for the composer of feeds: bytes that change with the view. */
const textOf = (text: string) => {
  const body = Buffer.from(text);
  return {
    body,
    etag: `"${createHash('sha256').update(body).digest('base64url')}"`,
    gzip: () => promisify(gzip)(body),
  };
};

function calendarsOf(views: TestViews): Calendars {
  const reader = (clockMs: number) => ({ level: 0, editor: false, clockMs }) as const;
  return {
    everything: async (nowMs) => {
      const page = views
        .queries()
        ?.listMeetings({ reader: reader(nowMs), nowMs, filters: {}, limit: 500 });
      return textOf(`BEGIN:VCALENDAR\r\n${page?.items.map((m) => `${m.title}\r\n`).join('')}`);
    },
    one: async (id, nowMs) => {
      const found = views.queries()?.getMeeting(reader(nowMs), id);
      if (found?.kind !== 'found') return undefined;
      if (found.value.when === null) return 'This meeting has no date yet.';
      return textOf(`BEGIN:VCALENDAR\r\n${found.value.title}\r\n`);
    },
  };
}

export async function openWorld(overrides: Partial<AppDeps> = {}): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'chancery-http-'));
  const store = await openSqliteStore({ file: join(folder, 'store.db') });
  const views = new TestViews(join(folder, 'view.db'), store);
  const clock = { ms: START };
  const logged: string[] = [];
  const app = buildApp({
    ...depsOf(store, views, clock, logged),
    ...overrides,
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const checker = new ContractChecker(app.swagger() as unknown as OpenApi);
  const ask = (path: string, given: Ask = {}) => askOver(url, checker, path, given);
  return {
    app,
    url,
    port,
    store,
    views,
    clock,
    logged,
    checker,
    ask,
    get: (path, as, headers = {}) => ask(path, { headers, ...(as === undefined ? {} : { as }) }),
    post: (path, body, headers = {}, as = 'editor') =>
      ask(path, { method: 'POST', body, headers, as }),
    close: async () => {
      await app.close();
      views.close();
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
}

function depsOf(
  store: EventStore,
  views: TestViews,
  clock: { ms: number },
  logged: string[],
): AppDeps {
  const holders = new Map(
    (Object.keys(TOKENS) as Who[]).map((who) => [
      createHash('sha256').update(TOKENS[who]).digest('hex'),
      HOLDERS[who],
    ]),
  );
  const now = () => clock.ms;
  return {
    queries: () => views.queries(),
    views,
    handle: createHandler({ store, now, randomUuid: randomUUID }),
    store,
    calendars: () => (views.building ? undefined : calendarsOf(views)),
    access: { lookup: (hash) => holders.get(hash) },
    clock: now,
    rules: RULES,
    version: '0.0.0-test',
    metrics: new Registry(),
    log: pino({ level: 'warn' }, { write: (line: string) => logged.push(line) }),
    randomUuid: randomUUID,
    limits: { seenWaitMs: 50, writeWaitMs: 50 },
  };
}

async function askOver(
  url: string,
  checker: ContractChecker,
  path: string,
  { method = 'GET', as, headers = {}, body, raw }: Ask,
): Promise<Got> {
  const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await fetch(`${url}${path}`, {
    method,
    redirect: 'manual',
    headers: {
      ...(as === undefined ? {} : { authorization: `Bearer ${TOKENS[as]}` }),
      ...(sent === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(sent === undefined ? {} : { body: sent as BodyInit }),
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  const got: Got = {
    status: response.status,
    headers: response.headers,
    bytes,
    text: bytes.toString(),
    json: <T>() => JSON.parse(bytes.toString()) as T,
  };
  checkAnswer(checker, method, path, got);
  return got;
}

function checkAnswer(checker: ContractChecker, method: string, path: string, got: Got): void {
  if (got.status >= 500) expectProblem(got);
  if (method === 'HEAD' || got.status === 304 || path.startsWith('/docs')) return;
  checker.check({
    method,
    path: path.split('?')[0] ?? '',
    status: got.status,
    contentType: got.headers.get('content-type') ?? undefined,
    body: got.text,
  });
}

function expectProblem(got: Got): void {
  if (got.status === 503) return;
  throw new Error(`unexpected ${got.status}: ${got.text}`);
}

/** One request as bytes, for what no client would send; the whole answer as text. */
export function askRaw(port: number, request: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ port, host: '127.0.0.1' });
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
    socket.write(request);
  });
}

export const MEETING = {
  id: 'scc-geneva-2022-08',
  title: 'Syrian Constitutional Committee meeting',
  form: 'session',
  when: { edtf: '2022-08', phrase: 'August next year', anchor: '2021-11-21' },
  place: { name: 'Geneva', country: 'CH', timezone: 'Europe/Zurich' },
  topics: ['constitution'],
  track: 'syrian-constitutional-committee',
  likelihood: 'may-occur',
  classification: 'public',
} as const;

export const REPORT = {
  id: 'tehran-times-2021-11-21',
  title: 'A Russian delegation in Tehran',
  kind: 'report',
  outlet: 'Tehran Times',
  url: 'https://www.tehrantimes.com/news/467281',
  publishedAt: { value: '2021-11-21', basis: 'inferred' },
  language: 'en',
  about: ['scc-geneva-2022-08'],
  claims: [{ id: 'c1', meeting: 'scc-geneva-2022-08', field: 'when', value: { edtf: '2022-08' } }],
  classification: 'public',
} as const;
