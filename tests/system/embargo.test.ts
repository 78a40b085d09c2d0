import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Chancery, openChancery } from '../../src/chancery.ts';
import { loadConfig } from '../../src/config.ts';
import { releaseId } from '../../src/ids.ts';
import { temporaryFolder } from '../support/program.ts';

/** Embargoes of running servers: they end by the clock at once, and in the log by an event that is there once. */

const TOKEN = 'a-token-for-the-embargo-tests-0123456789abcdef';
let folder: ReturnType<typeof temporaryFolder>;
let open: Chancery[];
let ms: number;

beforeEach(() => {
  folder = temporaryFolder('embargo-');
  open = [];
  ms = Date.UTC(2021, 10, 22, 8);
});
afterEach(async () => {
  for (const chancery of open) await chancery.close();
  folder.remove();
});

async function serve(name: string): Promise<Chancery> {
  const config = loadConfig(
    {
      DATA_DIR: join(folder.path, name),
      STORE_URL: `sqlite:${join(folder.path, 'events.db')}`,
      PORT: '0',
      ADMIN_TOKEN: TOKEN,
    },
    'no-such-file',
  );
  const clock = () => ms;
  const chancery = await openChancery({ config, log: pino({ level: 'silent' }), clock });
  await chancery.ready;
  open.push(chancery);
  return chancery;
}

const READS = [
  '/meetings',
  '/changes',
  '/meetings/talks',
  '/meetings/talks/history',
  '/calendar.ics',
];

/** A request of the desk's; the answer to a write is that it was done. */
async function desk({ url }: Chancery, path: string, body?: object): Promise<Response> {
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
  if (body === undefined) return fetch(`${url}${path}`, { headers });
  const response = await fetch(`${url}${path}`, {
    ...{ method: 'POST', headers, body: JSON.stringify(body) },
  });
  expect([200, 201]).toContain(response.status);
  return response;
}

async function answers({ url }: Chancery): Promise<Record<string, string>> {
  const entries = await Promise.all(
    READS.map(async (path) => {
      const response = await fetch(`${url}${path}`);
      const { status, headers } = response;
      return [path, `${status} ${headers.get('etag')} ${await response.text()}`] as const;
    }),
  );
  return Object.fromEntries(entries);
}

test('two servers record one release, and every public answer stays the same by it', async () => {
  const one = await serve('one');
  const embargoUntil = '2021-11-22T08:00:01Z';
  await desk(one, '/meetings', {
    ...{ id: 'talks', title: 'Talks', form: 'visit', classification: 'public', embargoUntil },
    when: { start: '2021-12-01T10:00', timezone: 'Europe/Zurich' },
  });
  const two = await serve('two');
  const hidden = await answers(two);
  expect(hidden['/meetings/talks']).toMatch(/^404 /);
  // The clock, and not the event: what is read in the same instant is public already.
  ms = Date.parse(embargoUntil);
  const byClock = await answers(two);
  expect(byClock['/meetings/talks']).toMatch(/^200 /);
  // The timers of both were set by the real clock: the event comes within a second.
  const seen = releaseId('meeting-talks', embargoUntil);
  for (const server of [one, two]) {
    // To others the release is known by the clock; an admin waits for what is recorded.
    for (let status = 0; status !== 200; ) {
      status = (await desk(server, `/meetings/talks?seen=${seen}`)).status;
    }
  }
  expect(await answers(one)).toEqual(byClock);
  expect(await answers(two)).toEqual(byClock);
  const log = await desk(one, '/events');
  expect((await log.text()).split('MeetingReleased')).toHaveLength(2);
});

test('who goes on from releases misses nothing that is recorded right after them', async () => {
  const server = await serve('one');
  const embargoUntil = '2021-11-22T09:00:00Z';
  const facts = { title: 'Talks', form: 'visit', classification: 'public' };
  await desk(server, '/meetings', { ...facts, id: 'other' });
  const ids = Array.from({ length: 40 }, (_, i) => `talks-${i}`);
  for (const id of ids) await desk(server, '/meetings', { ...facts, id, embargoUntil });
  const changes = async (path: string) => {
    const { items, next } = (await (await fetch(`${server.url}${path}`)).json()) as Changes;
    return { types: items.map(({ type, meeting }) => `${type} ${meeting}`), next };
  };
  const before = await changes('/changes?limit=500');
  expect(before.types).toEqual(['announced other']);
  ms = Date.parse(embargoUntil);
  const [first, , second] = await Promise.all([
    changes(before.next),
    desk(server, '/meetings/other/confirm', {}),
    changes(before.next),
  ]);
  for (const { types, next } of [first, second]) {
    const rest: string[] = (await changes(next)).types;
    expect([...types, ...rest].toSorted()).toEqual(
      [...ids.map((id) => `released ${id}`), 'confirmed other'].toSorted(),
    );
  }
  // Each is told with the place that it has in the log.
  const log = await (await desk(server, '/events')).text();
  expect(log.split('MeetingReleased')).toHaveLength(ids.length + 1);
});

interface Changes {
  readonly items: readonly { readonly type: string; readonly meeting: string }[];
  readonly next: string;
}
