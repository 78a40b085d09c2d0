import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { recordRelease } from '../../src/handle/release.ts';
import type { AppDeps } from '../../src/http/deps.ts';
import { releaseId } from '../../src/ids.ts';
import { ViewBehind } from '../../src/views/errors.ts';
import { EventSourceReader } from './support/event-source.ts';
import { FakeTimers } from './support/timers.ts';
import { type Headings, MEETING, openWorld, REPORT, TOKENS, type World } from './support/world.ts';
import { must } from './support/writes.ts';

let timers: FakeTimers;
let worlds: World[];
let readers: EventSourceReader[];
beforeEach(() => {
  timers = new FakeTimers();
  worlds = [];
  readers = [];
});
afterEach(async () => {
  for (const reader of readers) reader.close();
  await Promise.all(worlds.map((each) => each.close()));
});

/** A world with one meeting, whose timers the test moves. */
async function opened(change: (deps: AppDeps) => Partial<AppDeps> = () => ({})): Promise<World> {
  const made = await openWorld((deps) => ({ timers, ...change(deps) }));
  worlds.push(made);
  must(201, await made.post('/meetings', MEETING, { 'idempotency-key': 'first' }));
  return made;
}

async function listen(world: World, query = '', headers: Headings = {}) {
  const reader = await EventSourceReader.open(world.port, `/changes/stream${query}`, headers);
  readers.push(reader);
  return reader;
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

interface Change {
  readonly cursor: string;
  readonly type: string;
  readonly meeting?: string;
  readonly sentence?: string;
}
const changes = async (world: World, query = '', as?: 'editor'): Promise<Change[]> =>
  (await world.get(`/changes${query}`, as)).json<{ items: Change[] }>().items;

/** Changes as events of a stream. */
const sent = (items: readonly Change[]) => items.map((data) => ({ id: data.cursor, data }));

let revisions = 0;
const revise = async (world: World, id: string = MEETING.id) => {
  revisions += 1;
  must(200, await world.post(`/meetings/${id}/revise`, { title: `Title ${revisions}` }));
};

const UNKNOWN = '00000000-0000-4000-8000-000000000000';
const code = (world: World, query: string, headers: Headings = {}) =>
  world.get(`/changes/stream${query}`, undefined, headers).then((got) => got.json());

describe('begins', () => {
  test('with what comes from now on, without a cursor', async () => {
    const world = await opened();
    const reader = await listen(world);
    expect(reader.status).toBe(200);
    expect(reader.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      vary: 'Authorization',
    });
    await revise(world);
    await revise(world);
    expect(await reader.take(2)).toEqual(sent((await changes(world)).slice(1)));
  });

  test('before the first change, when there is none yet', async () => {
    const world = await openWorld(() => ({ timers }));
    worlds.push(world);
    const reader = await listen(world);
    await reader.placed();
    const place = { 'last-event-id': `${reader.lastEventId}` };
    must(201, await world.post('/meetings', MEETING));
    const all = sent(await changes(world));
    expect(await reader.take(1)).toEqual(all);
    expect(await (await listen(world, '', place)).take(1)).toEqual(all);
  });

  test('after the event in `after`', async () => {
    const world = await opened();
    for (let n = 0; n < 3; n += 1) await revise(world);
    const [first, ...others] = await changes(world);
    const reader = await listen(world, `?after=${first?.cursor}`);
    expect(await reader.take(3)).toEqual(sent(others));
    await revise(world);
    expect(await reader.take(1)).toEqual(sent((await changes(world)).slice(-1)));
  });

  test('after Last-Event-ID rather than `after`, and so goes on where a connection broke', async () => {
    const world = await opened();
    const reader = await listen(world);
    await revise(world);
    const [last] = await reader.take(1);
    reader.close();
    for (let n = 0; n < 3; n += 1) await revise(world);
    const [first] = await changes(world);
    const again = await listen(world, `?after=${first?.cursor}`, {
      'last-event-id': `${last?.id}`,
    });
    expect(await again.take(3)).toEqual(sent((await changes(world)).slice(2)));
  });

  test('with its place, so that one that breaks before its first event misses nothing', async () => {
    const world = await opened();
    const [first] = await changes(world);
    const reader = await listen(world, '?form=summit');
    await reader.placed();
    expect(reader.lastEventId).toBe(first?.cursor);
    reader.close();
    const id = 'a-summit';
    must(201, await world.post('/meetings', { ...MEETING, id, form: 'summit' }));
    const again = await listen(world, '?form=summit', { 'last-event-id': `${reader.lastEventId}` });
    expect(await again.take(1)).toMatchObject([{ data: { meeting: id, type: 'announced' } }]);
  });

  test('over many pages, with every change once', async () => {
    const world = await opened();
    for (let n = 0; n < 130; n += 1) await revise(world);
    const all = await changes(world, '?limit=500');
    const reader = await listen(world, `?after=${all[0]?.cursor}`);
    expect(await reader.take(130)).toEqual(sent(all.slice(1)));
  });

  test('when the event of `seen` is applied', async () => {
    const world = await opened();
    world.views.held = true;
    const written = must(202, await world.post(`/meetings/${MEETING.id}/confirm`, {}));
    const seen = written.headers.get('chancery-event');
    expect(await code(world, `?seen=${seen}`)).toMatchObject({ status: 503, code: 'view-behind' });
    world.views.held = false;
    expect((await listen(world, `?seen=${seen}`)).status).toBe(200);
  });

  test('not at all when HEAD asks', async () => {
    const world = await opened();
    const head = await world.ask('/changes/stream', { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(head.headers.get('content-type')).toBe('text/event-stream');
    expect(timers.size).toBe(0);
  });
});

describe('refuses', () => {
  test.each([
    ['in `after`', `?after=${UNKNOWN}`, {}],
    ['in Last-Event-ID', '', { 'last-event-id': UNKNOWN }],
    ['in Last-Event-ID that is none', '', { 'last-event-id': 'seven' }],
  ])('an unknown event %s with 410', async (_where, query, headers) => {
    expect(await code(await opened(), query, headers)).toMatchObject({ status: 410, code: 'gone' });
  });

  test('an event that is not applied here in time with 503', async () => {
    const world = await opened();
    world.views.held = true;
    const written = must(202, await world.post(`/meetings/${MEETING.id}/confirm`, {}));
    const after = written.headers.get('chancery-event') ?? '';
    expect(await code(world, `?after=${after}`)).toMatchObject({
      status: 503,
      code: 'view-behind',
    });
    world.views.held = false;
    expect((await listen(world, `?after=${after}`)).status).toBe(200);
  });

  test('a release that is not recorded yet with 503, here and in /changes', async () => {
    const world = await opened();
    const embargoUntil = '2021-11-22T08:00:10Z';
    must(201, await world.post('/meetings', { ...MEETING, id: 'later', embargoUntil }));
    world.clock.ms += 10_000;
    const after = releaseId('meeting-later', embargoUntil);
    expect(await code(world, `?after=${after}`)).toMatchObject({
      status: 503,
      code: 'view-behind',
    });
    expect((await world.get(`/changes?after=${after}`)).status).toBe(503);
    await recordRelease(world.store, 'meeting', 'later', world.clock.ms);
    await world.views.catchUp();
    expect((await listen(world, `?after=${after}`)).status).toBe(200);
  });

  test('filters that are none, and other parameters', async () => {
    const world = await opened();
    expect(await code(world, '?q=%2B')).toMatchObject({ status: 400, errors: [{ path: 'q' }] });
    expect(await code(world, '?limit=1')).toMatchObject({
      status: 400,
      errors: [{ path: 'limit' }],
    });
    expect(timers.size).toBe(0);
  });

  test('a token that is not valid', async () => {
    expect(await code(await opened(), '', bearer('nonsense'))).toMatchObject({ status: 401 });
  });

  test('more than may be open, until one is closed', async () => {
    const world = await opened(({ limits }) => ({ limits: { ...limits, streamConnections: 2 } }));
    const first = await listen(world);
    await listen(world);
    const refused = await world.get('/changes/stream');
    expect(refused.json()).toMatchObject({ status: 503, code: 'overloaded' });
    expect(refused.headers.get('retry-after')).toBe('2');
    // What is refused takes no place, nor does what was refused for another reason.
    expect((await world.get('/changes')).status).toBe(200);
    first.close();
    await expect.poll(() => timers.size, { timeout: 20_000 }).toBe(1);
    expect(await code(world, `?after=${UNKNOWN}`)).toMatchObject({ status: 410 });
    expect((await listen(world)).status).toBe(200);
  });

  test('more of one token than its share, so that others have places left', async () => {
    const world = await opened(({ limits }) => ({ limits: { ...limits, streamConnections: 4 } }));
    await listen(world, '', bearer(TOKENS.editor));
    const refused = await world.get('/changes/stream', 'editor');
    expect(refused.json()).toMatchObject({
      ...{ status: 503, code: 'overloaded' },
      detail: expect.stringContaining('1 streams are open from here'),
    });
    expect((await listen(world, '', bearer(TOKENS.reader))).status).toBe(200);
    for (const _ of [1, 2]) expect((await listen(world)).status).toBe(200);
    expect((await world.get('/changes/stream', 'insider')).status).toBe(503);
  });

  test('nobody for one whose client left before it began', async () => {
    const asked = Promise.withResolvers<void>();
    const settled = Promise.withResolvers<void>();
    const world = await opened(({ limits }) => ({
      limits: { ...limits, streamConnections: 1 },
      released: () => {
        asked.resolve();
        return settled.promise;
      },
    }));
    const arrived = once(world.app.server, 'request');
    const socket = connect(world.port, '127.0.0.1');
    socket.write('GET /changes/stream HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const [, response] = (await arrived) as [unknown, ServerResponse];
    await asked.promise;
    const left = once(response, 'close');
    socket.destroy();
    await left;
    settled.resolve();
    await expect.poll(() => code(world, `?after=${UNKNOWN}`)).toMatchObject({ status: 410 });
    expect(timers.size).toBe(0);
  });
});

test('beats every 15 seconds, so that nobody takes it for dead', async () => {
  const world = await opened();
  const reader = await listen(world);
  await revise(world);
  await reader.take(1);
  timers.pass(14_999);
  timers.pass(1);
  await reader.beaten(1);
  timers.pass(15_000);
  await reader.beaten(2);
  await revise(world);
  await reader.take(1);
  expect(reader.beats).toBe(2);
});

test('filters as /changes does', async () => {
  const world = await opened();
  must(201, await world.post('/meetings', { ...MEETING, id: 'other', topics: ['aid'] }));
  const query = 'topic=aid&meeting=other';
  const reader = await listen(world, `?${query}`);
  await revise(world);
  await revise(world, 'other');
  await revise(world);
  must(200, await world.post('/meetings/other/revise', { topics: ['water'] }));
  must(200, await world.post('/meetings/other/revise', { topics: ['fire'] }));
  await revise(world, 'other');
  must(200, await world.post('/meetings/other/revise', { topics: ['aid'] }));
  expect(await reader.take(3)).toEqual(sent((await changes(world, `?${query}`)).slice(1)));
});

describe('shows what the caller may see', () => {
  const internal = { classification: 'internal' };

  test('an entry that leaves their sight is removed, to those who may have seen it', async () => {
    const world = await opened();
    const [first] = await changes(world);
    const live = await listen(world);
    const editor = await listen(world, '', bearer(TOKENS.editor));
    must(200, await world.post(`/meetings/${MEETING.id}/reclassify`, internal));
    const [removed] = await live.take(1);
    expect(removed?.data).toEqual({
      cursor: removed?.id,
      type: 'removed',
      meeting: MEETING.id,
      recordedAt: expect.any(String),
    });
    expect(await editor.take(1)).toMatchObject([{ data: { type: 'reclassified' } }]);
    const again = await listen(world, `?after=${first?.cursor}`);
    expect(await again.take(1)).toEqual([removed]);
    must(201, await world.post('/meetings', { ...MEETING, id: 'next' }));
    const fresh = await listen(world, `?after=${removed?.id}`);
    expect(await fresh.take(1)).toMatchObject([{ data: { type: 'announced', meeting: 'next' } }]);
  });

  test('an embargo ends once that is recorded: before, it has no place that one could go on from', async () => {
    const world = await opened();
    const embargoUntil = new Date(world.clock.ms + 10_000).toISOString();
    must(201, await world.post('/meetings', { ...MEETING, id: 'later', embargoUntil }));
    const reader = await listen(world);
    world.clock.ms += 10_100;
    await revise(world);
    await recordRelease(world.store, 'meeting', 'later', world.clock.ms);
    await world.views.catchUp();
    const events = await reader.take(2);
    expect(events).toMatchObject([
      { data: { type: 'revised' } },
      { data: { type: 'released', meeting: 'later' } },
    ]);
    expect(events).toEqual(sent((await changes(world)).slice(-2)));
  });

  test('two entries under one embargo end together, in what is told of either', async () => {
    const world = await opened();
    const embargoUntil = new Date(world.clock.ms + 10_000).toISOString();
    const id = 'later';
    const claims = [{ id: 'c1', meeting: id, field: 'when', value: { edtf: '2027-08' } }];
    const report = { ...REPORT, id: 'told', embargoUntil, about: [id], claims };
    must(201, await world.post('/announcements', report));
    must(201, await world.post('/meetings', { ...MEETING, id, embargoUntil, basedOn: ['told'] }));
    const reader = await listen(world);
    world.clock.ms += 10_050;
    await recordRelease(world.store, 'announcement', 'told', world.clock.ms);
    await world.views.catchUp();
    const told = await reader.take(1);
    expect(told).toMatchObject([{ data: { type: 'released', announcement: 'told' } }]);
    await recordRelease(world.store, 'meeting', id, world.clock.ms);
    await world.views.catchUp();
    expect([...told, ...(await reader.take(1))]).toEqual(sent((await changes(world)).slice(-2)));
  });

  test('what they may not see leaves no trace', async () => {
    const streams = [false, true].map(async (hiding) => {
      const world = await opened();
      const reader = await listen(world);
      const keyed = (key: string) => ({ 'idempotency-key': key });
      for (let n = 0; n < 3; n += 1) {
        if (hiding) {
          must(201, await world.post('/meetings', { ...MEETING, id: `h${n}`, ...internal }));
        }
        const path = `/meetings/${MEETING.id}/revise`;
        must(200, await world.post(path, { title: `Shown ${n}` }, keyed(`${n}`)));
      }
      if (hiding) must(201, await world.post('/announcements', { ...REPORT, ...internal }));
      const events = await reader.take(3);
      await world.app.close();
      return { events, rest: await reader.rest(), beats: reader.beats };
    });
    const [plain, hidden] = await Promise.all(streams);
    expect(plain?.events).toHaveLength(3);
    expect(hidden).toEqual(plain);
  });
});

describe('ends', () => {
  /** A token that holds until the test says otherwise, and nothing else of the access. */
  const passing = (held: { until: boolean }) => (deps: AppDeps) => ({
    access: {
      lookup: (hash: string) => (held.until ? deps.access.lookup(hash) : undefined),
    },
  });

  test('with the token of its caller, before anything more is shown', async () => {
    const held = { until: true };
    const world = await opened(passing(held));
    const reader = await listen(world, '', bearer(TOKENS.reader));
    const anyone = await listen(world);
    await revise(world);
    await reader.take(1);
    await anyone.take(1);
    held.until = false;
    await world.views.catchUp();
    timers.pass(15_000);
    expect(await reader.rest()).toEqual([]);
    await anyone.beaten(1);
    expect(reader.beats).toBe(0);
  });

  test('when the server closes', async () => {
    const world = await opened();
    const reader = await listen(world);
    await revise(world);
    await reader.take(1);
    await world.app.close();
    expect(await reader.rest()).toEqual([]);
    expect(timers.size).toBe(0);
  });

  test('when the views are of a log that does not have its event, and then says so', async () => {
    const world = await opened();
    const [first] = await changes(world);
    const elsewhere = await openWorld();
    worlds.push(elsewhere);
    let other = false;
    const swapped = await openWorld((deps) => ({
      timers,
      queries: () => (other ? elsewhere.views : deps.views && world.views).queries(),
    }));
    worlds.push(swapped);
    const reader = await listen(swapped, `?after=${first?.cursor}`);
    other = true;
    timers.pass(15_000);
    expect(await reader.rest()).toEqual([]);
    expect(await code(swapped, `?after=${first?.cursor}`)).toMatchObject({ status: 410 });
  });
});

test('waits while the views are being built, and goes on where it stood', async () => {
  const world = await opened();
  const reader = await listen(world);
  world.views.building = true;
  world.views.signs.emit('applied');
  await world.get('/healthz');
  world.views.building = false;
  await revise(world);
  expect(await reader.take(1)).toEqual(sent((await changes(world)).slice(-1)));
});

test('waits while the view is found to be damaged, and goes on with the next', async () => {
  let damaged = false;
  const behind = () => {
    throw new ViewBehind('calendar');
  };
  const world = await opened((deps) => ({
    queries: () => {
      const queries = deps.queries();
      return queries && damaged ? { ...queries, listChanges: behind, boundary: behind } : queries;
    },
  }));
  const reader = await listen(world);
  damaged = true;
  await revise(world);
  await world.get('/healthz');
  damaged = false;
  world.views.signs.emit('applied');
  expect(await reader.take(1)).toEqual(sent((await changes(world)).slice(-1)));
});

describe('a reader that takes nothing', () => {
  const BIG = Array.from({ length: 200 }, (_, n) => ({ party: `p${n}`, name: '会'.repeat(200) }));

  /** Several, because every write reads what its meeting has so far. */
  const FLOODED = ['a', 'b', 'c', 'd', 'e', 'f'];
  const CHANGES = 30;

  /** More than the sockets on the way take in, in few changes, and the change before them. */
  async function flooded() {
    const world = await opened(small);
    for (const id of FLOODED) must(201, await world.post('/meetings', { ...MEETING, id }));
    const first = (await changes(world)).at(-1);
    for (let n = 0; n < CHANGES / FLOODED.length; n += 1) {
      const body = { participants: BIG.slice(n % 2), reason: 'counted again' };
      for (const id of FLOODED) must(200, await world.post(`/meetings/${id}/correct`, body));
    }
    return { world, first };
  }

  const small = ({ limits }: AppDeps) => ({ limits: { ...limits, streamBufferBytes: 65_536 } });
  const metric = async (world: World, name: string) => {
    const { text } = await world.get('/metrics', 'admin');
    return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]);
  };

  test('is dropped, without harm to others, and can go on later', async () => {
    const { world, first } = await flooded();
    const stuck = await listen(world, `?after=${first?.cursor}`);
    const lively = await listen(world);
    expect(await metric(world, 'chancery_streams_open')).toBe(2);
    // The bound, and the one change that went beyond it: not the many that are left.
    const most = 65_536 + 300_000;
    const full = () => metric(world, 'chancery_streams_waiting_bytes');
    await expect.poll(full, { timeout: 20_000 }).toBeGreaterThan(65_536);
    expect(await full()).toBeLessThan(most);
    await expect
      .poll(
        () => {
          timers.pass(15_000);
          return metric(world, 'chancery_streams_dropped_total');
        },
        { timeout: 20_000 },
      )
      .toBe(1);
    expect(await metric(world, 'chancery_streams_open')).toBe(1);
    await revise(world);
    expect(await lively.take(1)).toHaveLength(1);
    const before = await stuck.rest();
    expect(before.length).toBeGreaterThan(0);
    expect(before.length).toBeLessThan(CHANGES);
    const again = await listen(world, '', { 'last-event-id': `${before.at(-1)?.id}` });
    const after = await again.take(CHANGES + 1 - before.length);
    expect([...before, ...after]).toEqual(sent((await changes(world)).slice(-CHANGES - 1)));
  }, 60_000);

  test('is not dropped while it takes something between two heartbeats', async () => {
    const { world, first } = await flooded();
    const reader = await listen(world, `?after=${first?.cursor}`);
    for (let n = 0; n < CHANGES; n += 1) {
      expect(await reader.take(1)).toHaveLength(1);
      timers.pass(15_000);
    }
    expect(await metric(world, 'chancery_streams_dropped_total')).toBe(0);
  }, 60_000);
});
