import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test, vi } from 'vitest';
import type { RecordedEvent } from '../../events/envelope.ts';
import { copy } from '../../src/cli/copy.ts';
import { openScratch } from '../../src/cli/copy-scratch.ts';
import { copyAfter, resumePoint } from '../../src/copy.ts';
import { RedactedLog } from '../../src/redacted-log.ts';
import { planRedactions } from '../../src/redaction-plan.ts';
import { openSqliteStore } from '../../src/store/sqlite/index.ts';
import { type Bench, meetingsOf, openBench } from '../views/support.ts';

/** `copy --redact`, from a store that a handler has filled to one that a projector reads. */

const NAME = 'Somebody Named';
let bench: Bench;
let ids: { announced: string; corrected: string; held: string };

beforeEach(async () => {
  bench = await openBench();
  const participants = [{ name: NAME, role: 'head' }, { name: 'Another' }];
  const announced = await bench.announce('a', { participants, place: { name: 'Geneva' } });
  await bench.announce('b');
  const body = { participants: [{ name: NAME, role: 'member' }], reason: `${NAME} is no head` };
  const corrected = await bench.command('/meetings/a/correct', body);
  const held = await bench.command('/meetings/a/hold', { outcome: 'A word too many' });
  ids = { announced, corrected, held };
});
afterEach(() => {
  vi.restoreAllMocks();
  return bench.close();
});

const at = (name: string) => join(bench.folder, name);
const SOURCE = 'events.db';
const PARTY = 'participants.0.party';

/** The command as main.ts calls it, and what it says. */
async function redacted(lines: readonly object[] | string, from = SOURCE, to = 'new.db') {
  const said = { code: 1, out: '', err: '' };
  const file = at('redactions.ndjson');
  const text =
    typeof lines === 'string' ? lines : lines.map((one) => JSON.stringify(one)).join('\n');
  writeFileSync(file, text);
  const hear = (stream: 'out' | 'err') => (words: string | Uint8Array) => {
    said[stream] += words;
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(hear('out'));
  vi.spyOn(process.stderr, 'write').mockImplementation(hear('err'));
  try {
    said.code = await copy(`sqlite:${at(from)}`, `sqlite:${at(to)}`, {}, file);
  } catch (error) {
    said.err += (error as Error).message;
  } finally {
    vi.restoreAllMocks();
  }
  return said;
}

async function eventsOf(name: string): Promise<RecordedEvent[]> {
  const store = await openSqliteStore({ file: at(name) });
  const events = await store.readAll({ limit: 100 });
  await store.close();
  return events;
}

/** Everything that names the person. */
const orders = () => [
  { event: ids.announced, fields: ['participants.0.name', PARTY], reason: 'asked for' },
  { event: ids.corrected, fields: ['participants.0.name', PARTY, 'reason'], reason: 'asked for' },
];

describe('a copy without a name', () => {
  it('has every event in its place, and one more for each that lost words', async () => {
    const before = await eventsOf(SOURCE);
    const { code, out, err } = await redacted(orders());
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^6 events copied; 6 are the same in both but for 5 redacted fields of 2/);
    expect(out).toMatch(/delete them/);
    const after = await eventsOf('new.db');
    const place = ({ id, stream, revision, type, meta }: RecordedEvent) => ({
      ...{ id, stream, revision, type, meta },
    });
    expect(after.slice(0, 4).map(place)).toEqual(before.map(place));
    expect(after.slice(4).map(({ stream, type, data }) => ({ stream, type, data }))).toEqual(
      orders().map((data) => ({ stream: `redaction-${data.event}`, type: 'EventRedacted', data })),
    );
    expect(readFileSync(at('new.db')).includes(NAME)).toBe(false);
    expect(JSON.stringify(after)).not.toMatch(/somebody/i);
  });

  it('gives a party one new id in all events, so that it is still one', async () => {
    await redacted(orders());
    const [announced, , corrected] = (await eventsOf('new.db')).map(({ data }) => data);
    const named = (data: unknown) =>
      (data as { participants: { party: string; name: string }[] }).participants[0];
    expect(named(announced)).toMatchObject({ name: '[redacted]' });
    expect(named(corrected)?.party).toBe(named(announced)?.party);
    expect(named(announced)?.party).toMatch(/^redacted-[0-9a-f]{8}-0$/);
  });

  it('lists events that still hold what was redacted elsewhere, without saying it again', async () => {
    const order = { event: ids.announced, fields: ['participants.0.name'], reason: 'asked for' };
    const { code, err } = await redacted([order]);
    expect(code).toBe(0);
    expect(err).not.toContain(NAME);
    expect(err.trim().split('\n')).toEqual([
      `a redacted text is also in ${ids.corrected} (MeetingCorrected of meeting-a)`,
    ]);
  });

  it('takes more out of a copy that was redacted before, and passes over what is gone', async () => {
    const first = { event: ids.held, fields: ['outcome'], reason: 'first' };
    await redacted([first]);
    const again = [{ ...first, fields: ['outcome', 'meta.actor'], reason: 'second' }];
    const { out } = await redacted(again, 'new.db', 'newer.db');
    expect(out).toMatch(/^6 events copied; 6 are the same in both but for 1 redacted fields of 1/);
    const last = (await eventsOf('newer.db')).slice(-2);
    expect(last.map(({ revision, data }) => ({ revision, data }))).toEqual([
      { revision: 0, data: first },
      { revision: 1, data: { event: ids.held, fields: ['meta.actor'], reason: 'second' } },
    ]);
  });
});

describe('nothing is copied', () => {
  const event = () => ids.held;
  test.each([
    ['no line', () => '', /names no event/],
    ['no JSON', () => '{', /line 1: not JSON/],
    ['no id', () => [{ event: 'x', fields: ['outcome'], reason: 'r' }], /line 1: must be.*event/],
    ['no reason', () => [{ event: event(), fields: ['outcome'] }], /line 1: must be.*reason/],
    ['no field', () => [{ event: event(), fields: [], reason: 'r' }], /line 1: must be.*fields/],
    ['another key', () => [{ event: event(), fields: ['outcome'], reason: 'r', x: 1 }], /must be/],
    [
      'an event twice',
      () => [1, 2].map(() => ({ event: event(), fields: ['outcome'], reason: 'r' })),
      /line 2: \S+ is in line 1 already/,
    ],
    [
      'an event that is not there',
      () => [
        { event: event(), fields: ['outcome'], reason: 'r' },
        { event: '5f0c1d9e-7a52-5d0b-9a52-0b1f6a1f9d04', fields: ['outcome'], reason: 'r' },
      ],
      /line 2: 5f0c\S+ is not in the source: check its id/,
    ],
    [
      'a field that it must keep',
      () => [{ event: ids.announced, fields: ['form'], reason: 'r' }],
      /line 1: field form of \S+ \(MeetingAnnounced\) is not a text/,
    ],
    [
      'a reason that repeats what is to go',
      () => [
        {
          ...{ event: ids.announced, fields: ['participants.0.name'] },
          reason: `of ${NAME.toUpperCase()}`,
        },
      ],
      /line 1: \S+ has a reason that repeats a redacted text: say it in other words/,
    ],
    [
      'a party in some events of the entry only',
      () => orders().slice(0, 1),
      /\S+ \(MeetingCorrected\) still names a party that other events of meeting-a/,
    ],
  ])('with %s', async (_what, lines, message) => {
    const { code, out, err } = await redacted(lines());
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(message);
    expect(err).toMatch(/[Nn]othing was copied$/);
    expect(readdirSync(bench.folder).filter((name) => name.startsWith('new.db'))).toEqual([]);
    await bench.announce('goes-on');
  });

  test('into a store that holds other events', async () => {
    const other = await openSqliteStore({ file: at('new.db') });
    const [first] = (await eventsOf(SOURCE)).slice(1);
    if (first === undefined) throw new Error('the source is empty');
    await other.append('meeting-b', [first], 'none');
    await other.close();
    expect((await redacted(orders())).err).toMatch(/the target holds other events/);
    expect(await eventsOf('new.db')).toHaveLength(1);
  });

  test('to go on with, when the file has become another one', async () => {
    await redacted(orders());
    const more = [...orders(), { event: ids.held, fields: ['outcome'], reason: 'r' }];
    expect((await redacted(more)).err).toMatch(/copy to an empty one/);
  });
});

test('what a killed copy left of views goes with the next one, and so does its own', async () => {
  mkdirSync(at('new.db.copying'));
  writeFileSync(at('new.db.copying/source.db'), NAME);
  expect((await redacted(orders())).code).toBe(0);
  expect(readdirSync(bench.folder).filter((name) => name.startsWith('new.db'))).toEqual(['new.db']);
});

test('two copies do not work in one place', async () => {
  using _other = openScratch(at('new.db.copying'));
  expect((await redacted(orders())).err).toMatch(/another copy works in .*new\.db\.copying: wait/);
});

test('a copy that ended anywhere goes on there, with what was written then', async () => {
  const target = await openSqliteStore({ file: at('new.db') });
  const lines = orders().map((order, index) => ({ ...order, line: index + 1 }));
  const { signal } = new AbortController();
  for (let kept = 1; kept <= 6; kept += 1) {
    // Each time on another day, and killed after one event.
    const now = () => Date.UTC(2030, 0, kept);
    const log = new RedactedLog(
      bench.store,
      await planRedactions(lines, { source: bench.store, target, now }),
    ).ended();
    const start = await resumePoint(log, target);
    const next = await log.readAll({ after: start, limit: 1 });
    const one = {
      readAll: async ({ after }: { after?: string | undefined }) => (after === start ? next : []),
      readStream: async () => [],
    };
    await copyAfter(start, { source: one, target, atOnce: 1, onProgress: () => {}, signal });
    expect(await target.readAll({ limit: 10 })).toHaveLength(kept);
  }
  await target.close();
  expect((await redacted(orders())).out).toMatch(/^0 events copied; 6 are the same in both but/);
  const [first, second] = (await eventsOf('new.db')).slice(4);
  expect(first?.meta.recordedAt).toBe('2030-01-05T00:00:00.000Z');
  expect(second?.meta.recordedAt).toBe('2030-01-06T00:00:00.000Z');
});

test('a view of the old log is not read with the new one, which may hold it at the same place', async () => {
  const before = bench.project();
  await before.ready;
  await before.close();
  await redacted(orders());
  await bench.store.close();
  bench.store = await openSqliteStore({ file: at('new.db') });
  const told: [message: string, readable: boolean][] = [];
  const hear = (_fields: object, message: string) => void told.push([message, after.readable]);
  const after = bench.project({ log: { info: hear, warn: hear, error: hear } });
  await after.ready;
  expect(meetingsOf(after).get('a')?.participants).toMatchObject([{ name: '[redacted]' }]);
  expect(after.ledger?.deadLetters(10)).toEqual([]);
  expect(told).toEqual([['view is of the log before a redaction: rebuilding', false]]);
  await after.close();
  // Made of the new log, it stays.
  bench.logged.length = 0;
  await bench.project().ready;
  expect(bench.logged).toEqual([]);
});

test('a view that meets a redaction while it serves begins again', async () => {
  const serving = bench.project();
  await serving.ready;
  const { version } = serving;
  const plan = await planRedactions(
    orders()
      .map((order) => ({ ...order, line: 1, event: order.event }))
      .slice(0, 1),
    { source: bench.store, target: bench.store, now: () => Date.UTC(2030, 0, 1) },
  );
  const [fact] = plan.facts;
  if (fact === undefined) throw new Error('nothing is redacted');
  await bench.store.append(fact.stream, [fact], 'none');
  expect(await serving.waitFor(fact.id, 2_000)).toBe(true);
  expect(serving.version).toBeGreaterThan(version);
  expect(
    bench.logged.filter(({ level }) => level === 'warn').map(({ message }) => message),
  ).toEqual(['view is of the log before a redaction: rebuilding']);
  expect(serving.status()).toMatchObject({ deadLetters: 0, checkpoint: { seq: 5 } });
});
