import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RecordedEvent } from '../../../events/envelope.ts';
import { type EventStore, StoreUnavailable } from '../../../src/store/event-store.ts';
import { openSqliteStore } from '../../../src/store/sqlite/index.ts';
import type { ContractLog } from '../contract.ts';
import { idsOf, someEvents, take, turns } from '../events.ts';
import { makeSqliteLog } from './log.ts';
import { startChild } from './process.ts';

let log: ContractLog & { readonly file: string };
let store: EventStore;

beforeEach(async () => {
  log = await makeSqliteLog();
  store = await log.open();
});

afterEach(async () => {
  await store.close();
  await log.remove();
});

async function everything(): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for (;;) {
    const page = await store.readAll({ after: events.at(-1)?.position, limit: 1_000 });
    if (page.length === 0) return events;
    events.push(...page);
  }
}

describe('two processes on one file', () => {
  test('may open it at the same moment when it is new', async () => {
    const file = `${log.file}-new`;
    const children = Array.from({ length: 6 }, () => startChild(file, 'appendWhenTold'));
    for (const child of children) expect(await child.hear()).toBe('open');
    for (const child of children) expect(await child.ended()).toBe(0);
  });

  test('compete for the same streams, of which each gets one winner', async () => {
    const children = [startChild(log.file, 'compete'), startChild(log.file, 'compete')];
    for (const child of children) expect(await child.hear()).toBe('open');
    for (const child of children) child.tell();
    const own = await Promise.allSettled(
      Array.from({ length: 100 }, (_, index) =>
        store.append(`meeting-${index}`, someEvents(2), 'none'),
      ),
    );
    const outcomes = (await Promise.all(children.map((child) => child.hear()))) as string[][];
    outcomes.push(own.map((o) => (o.status === 'rejected' ? o.reason.name : 'written')));
    for (let index = 0; index < 100; index += 1) {
      const names = outcomes.map((list) => list[index]).toSorted();
      expect(names).toEqual(['RevisionConflict', 'RevisionConflict', 'written']);
      expect(await store.readStream(`meeting-${index}`)).toHaveLength(2);
    }
    for (const child of children) expect(await child.ended()).toBe(0);
  });

  test('notice each other within 100 ms', async () => {
    const child = startChild(log.file, 'appendWhenTold');
    expect(await child.hear()).toBe('open');
    const ended = new AbortController();
    const messages = store.subscribe(undefined, ended.signal)[Symbol.asyncIterator]();
    expect((await messages.next()).value).toEqual({ kind: 'caught-up' });
    const delays: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const rest = { [Symbol.asyncIterator]: () => ({ next: () => messages.next() }) };
      const seen = take(rest, (events) => events.length === 1).then(() => Date.now());
      child.tell();
      delays.push((await seen) - Number(await child.hear()));
    }
    // The median: a machine with other work may stall any single one.
    expect(delays.toSorted((a, b) => a - b)[2]).toBeLessThanOrEqual(100);
    ended.abort();
    expect(await child.ended()).toBe(0);
  });
});

describe('a file that another process holds', () => {
  test('can be read and subscribed to, and opened', async () => {
    await store.append('meeting-a', someEvents(2), 'none');
    const child = startChild(log.file, 'hold');
    expect(await child.hear()).toBe('held');
    expect(await store.readStream('meeting-a')).toHaveLength(2);
    const other = await log.open();
    const ended = new AbortController();
    const seen = await take(other.subscribe(undefined, ended.signal), (list) => list.length === 2);
    expect(seen.events).toEqual(await store.readAll({ limit: 10 }));
    await other.close();
    child.tell();
    expect(await child.ended()).toBe(0);
  });

  test('gets the append once it is free, without blocking the event loop meanwhile', async () => {
    const child = startChild(log.file, 'hold');
    expect(await child.hear()).toBe('held');
    const appended = store.append('meeting-a', someEvents(2), 'none');
    // The event loop goes round while the append waits.
    await turns(20);
    expect(await store.head()).toBeUndefined();
    child.tell();
    expect((await appended).revision).toBe(1);
    expect(await child.hear()).toBe('released');
    expect(await child.ended()).toBe(0);
  });

  test('is given up after a time: unavailable, not written, and every caller is told', async () => {
    const impatient = await openSqliteStore({ file: log.file, limits: { busyMs: 50 } });
    const child = startChild(log.file, 'hold');
    expect(await child.hear()).toBe('held');
    const events = someEvents(1);
    const appends = ['a', 'b', 'c'].map((id) => impatient.append(`meeting-${id}`, events, 'none'));
    for (const outcome of await Promise.allSettled(appends)) {
      expect(outcome).toMatchObject({ reason: { outcome: 'not-written' } });
      expect((outcome as PromiseRejectedResult).reason).toBeInstanceOf(StoreUnavailable);
    }
    child.tell();
    expect(await child.hear()).toBe('released');
    expect(await impatient.head()).toBeUndefined();
    expect((await impatient.append('meeting-a', events, 'none')).revision).toBe(0);
    await impatient.close();
    expect(await child.ended()).toBe(0);
  });
});

describe('a writing process that is killed', () => {
  const KILLS = 12;
  interface Acknowledged {
    readonly stream: string;
    readonly from: number;
    readonly ids: readonly string[];
  }

  test('leaves every acknowledged event, once, in order, and no half append', async () => {
    const acknowledged: Acknowledged[] = [];
    for (let round = 0; round < KILLS; round += 1) {
      const child = startChild(log.file, 'writeForEver', String(round));
      // Killed at another place each time: after the first answer, the eighth, the fifteenth, …
      for (let heard = 0; heard <= round * 7; heard += 1) {
        acknowledged.push((await child.hear()) as Acknowledged);
      }
      acknowledged.push(...((await child.kill()) as Acknowledged[]));
    }
    const events = await everything();
    expect(new Set(idsOf(events)).size).toBe(events.length);
    const streams = Map.groupBy(events, ({ stream }) => stream);
    for (const { stream, from, ids } of acknowledged) {
      expect(idsOf(streams.get(stream) ?? []).slice(from, from + 3)).toEqual(ids);
    }
    for (const list of streams.values()) {
      expect(list.map(({ revision }) => revision)).toEqual([...list.keys()]);
      expect(list.length % 3).toBe(0);
    }
    expect(acknowledged.length).toBeGreaterThanOrEqual((KILLS * (7 * KILLS - 5)) / 2);
    expect((await store.append('meeting-after', someEvents(1), 'none')).revision).toBe(0);
  });
});
