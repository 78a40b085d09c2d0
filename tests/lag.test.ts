import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Lag, LagMonitor } from '../src/lag.ts';
import type { EventStore, SubscriptionMessage } from '../src/store/event-store.ts';
import type { Projector } from '../src/views/projector.ts';
import { FakeTimers } from './http/support/timers.ts';
import { someEvents } from './store/events.ts';
import { type Bench, openBench } from './views/support.ts';

/** A real view of a real log, whose subscription the test can stop: that is a projector that is stuck. */

const STALL_MS = 30_000;

let bench: Bench;
let clock: { ms: number };
let timers: FakeTimers;
let gate: { stuck: boolean; open: () => void };
beforeEach(async () => {
  bench = await openBench();
  clock = { ms: Date.UTC(2021, 10, 22, 8) };
  timers = new FakeTimers();
  gate = { stuck: false, open: () => {} };
});
afterEach(() => bench.close());

/** Lets messages through until it is stuck. */
async function* gated(
  messages: AsyncIterable<SubscriptionMessage>,
): AsyncGenerator<SubscriptionMessage> {
  for await (const message of messages) {
    if (gate.stuck && message.kind === 'events') {
      await new Promise<void>((resolve) => {
        gate.open = resolve;
      });
    }
    yield message;
  }
}

const behindGate = (store: EventStore): EventStore => ({
  append: (...args) => store.append(...args),
  readStream: (...args) => store.readStream(...args),
  readAll: (...args) => store.readAll(...args),
  subscribe: (...args) => gated(store.subscribe(...args)),
  head: () => store.head(),
  close: () => store.close(),
});

async function started(): Promise<{ views: Projector; monitor: LagMonitor }> {
  const { store } = bench;
  const now = () => clock.ms;
  const views = bench.project({ store: behindGate(store), now });
  await views.ready;
  return { views, monitor: new LagMonitor({ store, views, now, timers, stallMs: STALL_MS }) };
}

const pass = (ms: number) => {
  clock.ms += ms;
  timers.pass(ms);
};

const CURRENT: Partial<Lag> = { available: true, events: 0, seconds: 0, stalled: false };

test('an idle log is no lag, however long it is idle', async () => {
  await bench.announce('a');
  const { monitor } = await started();
  for (let hours = 0; hours < 48; hours += 1) pass(3_600_000);
  expect(await monitor.look()).toMatchObject(CURRENT);
});

test('nor is one without events', async () => {
  const { monitor } = await started();
  pass(3_600_000);
  expect(await monitor.look()).toEqual({ ...CURRENT, head: undefined });
});

test('a view that is stuck while the log goes on is noticed, also when nobody asks', async () => {
  const { views, monitor } = await started();
  gate.stuck = true;
  const id = await bench.announce('a');
  await bench.announce('b');
  pass(7_500);
  // It has looked by itself, and remembers since when.
  await monitor.look();
  pass(STALL_MS);
  const head = await bench.store.head();
  expect(await monitor.look()).toEqual({
    ...{ head, available: true, events: 2 },
    ...{ seconds: 30, stalled: false },
  });
  pass(1);
  expect(await monitor.look()).toMatchObject({ seconds: 30.001, stalled: true });
  gate.stuck = false;
  gate.open();
  expect(await views.waitFor(id, 5_000)).toBe(true);
  expect(await views.waitFor(head?.id ?? '', 5_000)).toBe(true);
  expect(await monitor.look()).toMatchObject(CURRENT);
});

test('a view that moves is behind and not stuck, however long it is behind', async () => {
  const { views, monitor } = await started();
  gate.stuck = true;
  const first = await bench.announce('a');
  await monitor.look();
  const last = await bench.announce('b');
  await monitor.look();
  pass(STALL_MS - 1);
  gate.open();
  expect(await views.waitFor(first, 5_000)).toBe(true);
  // The first head is reached; the second one is waited for from here on.
  pass(2);
  expect(await monitor.look()).toMatchObject({ events: 1, seconds: 0, stalled: false });
  pass(STALL_MS + 1);
  expect(await monitor.look()).toMatchObject({ stalled: true });
  gate.stuck = false;
  gate.open();
  expect(await views.waitFor(last, 5_000)).toBe(true);
});

test('a store that does not answer says nothing about the view', async () => {
  const { views } = await started();
  const away = async () => {
    throw new Error('away');
  };
  const store = { head: away, readAll: away };
  const now = () => clock.ms;
  const monitor = new LagMonitor({ store, views, now, timers, stallMs: STALL_MS });
  pass(3_600_000);
  expect(await monitor.look()).toEqual({ ...CURRENT, available: false, head: undefined });
  monitor.close();
});

test('it counts no further than a thousand, and rests when it is closed', async () => {
  const { monitor } = await started();
  gate.stuck = true;
  await bench.store.append('meeting-a', someEvents(1_000), 'none');
  await bench.store.append('meeting-b', someEvents(1), 'none');
  expect(await monitor.look()).toMatchObject({ events: 1_000 });
  monitor.close();
  expect(timers.size).toBe(0);
  gate.stuck = false;
  gate.open();
});
