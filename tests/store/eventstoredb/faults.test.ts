import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RecordedEvent } from '../../../events/envelope.ts';
import {
  type EventStore,
  InvalidEvent,
  StoreInvalid,
  StoreUnavailable,
} from '../../../src/store/event-store.ts';
import { FIRST_USER } from '../../support/real/database.ts';
import type { WireOptions } from '../../support/wire/server.ts';
import { anEvent, idsOf, someEvents, take, untilCaughtUp } from '../events.ts';
import { type FaultyServer, openWire, SERVERS, type ServerKind, surely } from './support.ts';

let server: FaultyServer;
let store: EventStore;
let ended: AbortController;
const unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);

async function begin(kind: ServerKind, options: WireOptions = {}): Promise<void> {
  server = await kind.start(options);
  store = openWire(server, { timeoutMs: kind.timeoutMs });
}

beforeEach(() => {
  ended = new AbortController();
  unhandled.length = 0;
  process.on('unhandledRejection', note);
});

afterEach(async () => {
  ended.abort();
  try {
    await store.close();
  } finally {
    await server.remove();
  }
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

const appendSurely = (stream: string, events: ReturnType<typeof someEvents>) =>
  surely(() => store.append(stream, events, 'none'));

const all = (): Promise<RecordedEvent[]> => store.readAll({ limit: 10_000 });

/** Goes on with a subscription that others look at too. */
function follow(enough: (events: readonly RecordedEvent[]) => boolean) {
  return take(store.subscribe(undefined, ended.signal), enough);
}

const pathsOfAppend: [string, WireOptions][] = [
  ['the newer append', {}],
  ['the older append', { batchAppend: false, saysCaughtUp: false }],
];

const everyWay = SERVERS.flatMap((kind) =>
  pathsOfAppend.map(([path, options]) => [`${kind.name} with ${path}`, kind, options] as const),
);

describe.each(everyWay)('%s that', (_, kind, options) => {
  beforeEach(() => begin(kind, options));

  test('is not there yet is unavailable at once, and used when it is there', async () => {
    await server.kill();
    const seen = follow((events) => events.length === 2);
    await expect(store.head()).rejects.toThrow(StoreUnavailable);
    await expect(store.readStream('meeting-a')).rejects.toMatchObject({ outcome: 'not-written' });
    await expect(store.append('meeting-a', someEvents(1), 'none')).rejects.toThrow(
      StoreUnavailable,
    );
    expect(store.awaySince).toBeTypeOf('number');
    await server.start();
    const events = someEvents(2);
    await appendSurely('meeting-a', events);
    expect(idsOf((await seen).events)).toEqual(idsOf(events));
    expect(store.awaySince).toBeUndefined();
  });

  test('has nothing to tell yet is heard when it has', async () => {
    const messages = store.subscribe(undefined, ended.signal);
    let appended: Promise<unknown> | undefined;
    const { events } = await take(messages, (all, caughtUp) => {
      if (caughtUp > 0) appended ??= store.append('meeting-a', someEvents(2), 'none');
      return all.length === 2;
    });
    await appended;
    expect(events).toEqual(await all());
  }, 10_000);

  test('dies and returns during appends and a subscription loses and doubles nothing', async () => {
    const batches = Array.from({ length: 60 }, () => someEvents(2));
    const seen = follow((events) => events.length === 120);
    const appended = batches.map((events, index) => appendSurely(`meeting-${index}`, events));
    for (let restarts = 0; restarts < 3; restarts += 1) {
      await appended[restarts * 10];
      await server.kill();
      await server.start();
    }
    await Promise.all(appended);
    const { events } = await seen;
    expect(events).toEqual(await all());
    expect(idsOf(events).toSorted()).toEqual(idsOf(batches.flat()).toSorted());
  });

  test('commits but loses its answer is asked again, and has written once', async () => {
    const events = someEvents(2);
    server.faults.lostReplies = 1;
    await expect(store.append('meeting-a', events, 'none')).rejects.toMatchObject({
      outcome: 'unknown',
    });
    expect((await store.append('meeting-a', events, 'none')).revision).toBe(1);
    expect(idsOf(await all())).toEqual(idsOf(events));
  });

  test('breaks the connection instead of answering is asked again, and has written once', async () => {
    const events = someEvents(2);
    server.faults.brokenReplies = 1;
    await expect(store.append('meeting-a', events, 'none')).rejects.toMatchObject({
      outcome: 'unknown',
    });
    expect((await store.append('meeting-a', events, 'none')).revision).toBe(1);
    expect(idsOf(await all())).toEqual(idsOf(events));
  });

  test('never answers an append is given up in time, with the outcome unknown', async () => {
    server.faults.silentAppends = 1;
    const begun = performance.now();
    const appended = store.append('meeting-a', someEvents(1), 'none');
    await expect(appended).rejects.toMatchObject({ name: 'StoreUnavailable', outcome: 'unknown' });
    expect(performance.now() - begun).toBeLessThan(5_000);
    expect((await store.append('meeting-b', someEvents(1), 'none')).revision).toBe(0);
    expect(await all()).toHaveLength(1);
  });

  test('freezes is given up in time, and heard again when it goes on', async () => {
    const last = someEvents(2);
    const seen = follow((events) => events.some(({ id }) => id === last[1]?.id));
    await store.append('meeting-a', someEvents(2), 'none');
    server.faults.frozen = true;
    await expect(store.head()).rejects.toThrow(/has not answered within \d+ ms|was given up/);
    await expect(store.append('meeting-b', someEvents(2), 'none')).rejects.toMatchObject({
      ...{ name: 'StoreUnavailable', outcome: 'unknown' },
    });
    server.faults.frozen = false;
    await appendSurely('meeting-c', last);
    // What nobody waited for any more may be carried out all the same, now or later.
    const { events } = await seen;
    expect(events).toEqual((await all()).slice(0, events.length));
  });

  test('ends a subscription without a word, or breaks it, is subscribed to again', async () => {
    const seen = follow((events) => events.length === 40);
    for (let index = 0; index < 20; index += 1) {
      if (index % 4 === 1) server.endSubscriptions();
      if (index % 4 === 3) server.breakSubscriptions();
      await store.append(`meeting-${index}`, someEvents(2), 'none');
    }
    expect((await seen).events).toEqual(await all());
    expect(server.calls.subscribe).toBeGreaterThan(1);
  });

  test('leaves a subscription open and says nothing more is noticed', async () => {
    const seen = follow((events) => events.length === 4);
    await store.append('meeting-a', someEvents(2), 'none');
    server.faults.mute = true;
    await store.append('meeting-b', someEvents(2), 'none');
    // Noticed by a question to the log; the next subscription is heard.
    while (server.calls.subscribe < 2) await store.head();
    server.faults.mute = false;
    expect((await seen).events).toEqual(await all());
  });

  test('reads slowly is waited for as long as something comes', async () => {
    await store.append('meeting-a', someEvents(30), 'none');
    const answerMs = 400;
    const impatient = openWire(server, { timeoutMs: answerMs });
    await impatient.head();
    server.faults.slowReadMs = 20;
    const begun = performance.now();
    // Longer than any single answer may take.
    expect(await impatient.readStream('meeting-a')).toHaveLength(30);
    expect(performance.now() - begun).toBeGreaterThan(answerMs);
    const seen = await take(
      impatient.subscribe(undefined, ended.signal),
      (events) => events.length === 30,
    );
    expect(seen.events).toHaveLength(30);
    await impatient.close();
  });

  test('takes less than what is sent refuses it with its limit, and nothing is written', async () => {
    const small = await kind.start({ ...options, maxAppendSize: 1_000 });
    const other = openWire(small, { timeoutMs: kind.timeoutMs });
    const appended = other.append('meeting-a', [anEvent('x'.repeat(1_000))], 'none');
    await expect(appended).rejects.toThrow(InvalidEvent);
    await expect(appended).rejects.toThrow(/larger than the 1000 bytes that the server takes/);
    expect(await other.readStream('meeting-a')).toEqual([]);
    await other.close();
    await small.remove();
  });

  test('is set back to an older backup ends a subscription, so that whoever follows looks anew', async () => {
    await store.append('meeting-a', someEvents(2), 'none');
    const setBack = server.backup();
    await store.append('meeting-a', someEvents(1), 1);
    const messages = store.subscribe(undefined, ended.signal)[Symbol.asyncIterator]();
    const rest = { [Symbol.asyncIterator]: () => ({ next: () => messages.next() }) };
    await take(rest, untilCaughtUp);
    await server.kill();
    setBack();
    await server.start();
    expect(await messages.next()).toMatchObject({ done: true });
    expect(await store.readStream('meeting-a')).toHaveLength(2);
  });
});

const [OURS] = SERVERS as readonly [ServerKind];

test('a clock that is behind the server’s by a minute keeps nobody from appending', async () => {
  await begin(OURS, { clockAheadMs: 60_000 });
  expect((await store.append('meeting-a', someEvents(1), 'none')).revision).toBe(0);
});

describe.each(SERVERS)('$name that wants to know who comes', (kind) => {
  const pem = (name: string) => readFileSync(new URL(`./tls/${name}.pem`, import.meta.url), 'utf8');
  const ca = new URL('./tls/ca.pem', import.meta.url).pathname;
  const tls = { key: pem('key'), cert: pem('cert'), authority: pem('ca') };
  const secured = { tls, credentials: FIRST_USER };
  const at = (who: string, query: string) => ({
    url: `esdb://${who}localhost:${server.port}?${query}`,
  });

  beforeEach(() => begin(kind, secured));

  async function attempt(url: { url: string }): Promise<unknown> {
    const other = openWire(url);
    const read = await other.head().catch((reason: unknown) => reason);
    const wrote = await other
      .append('meeting-a', someEvents(1), 'none')
      .catch((reason: unknown) => reason);
    await other.close();
    expect(wrote instanceof Error).toBe(read instanceof Error);
    return read;
  }

  test('lets in who has the right word and knows its authority', async () => {
    expect(await attempt(at('admin:changeit@', `tlsCAFile=${ca}`))).toBeUndefined();
  });

  test.each(['admin:wrong@', ''])('turns away %j, which is not tried again', async (who) => {
    const error = await attempt(at(who, `tlsCAFile=${ca}`));
    expect(error).toBeInstanceOf(StoreInvalid);
    expect((error as Error).message).toMatch(/refuses the credentials: give a user/);
    expect((error as Error).message).not.toContain('wrong');
  });

  test('is not trusted when its certificate is of another authority', async () => {
    const error = await attempt(at('admin:changeit@', 'tls=true'));
    expect(error).toBeInstanceOf(StoreInvalid);
    expect((error as Error).message).toMatch(/do not agree on TLS .*: check tls and tlsCAFile/);
  });

  test('is unavailable to who speaks without TLS', async () => {
    expect(await attempt(at('', 'tls=false'))).toBeInstanceOf(StoreUnavailable);
  });

  test('is not asked at all when a file cannot be read', () => {
    expect(() => openWire(at('', 'tlsCAFile=/nowhere/ca.pem'))).toThrow(
      /cannot read .nowhere.ca.pem/,
    );
  });
});

/** A thousand by `npm run soak`. */
const RECONNECTS = Number(process.env.RECONNECTS ?? 40);

test.each(SERVERS)(
  `${RECONNECTS} reconnects to $name leave no call open and no memory taken`,
  async (kind) => {
    await begin(kind);
    setFlagsFromString('--expose-gc');
    const collect: () => void = runInNewContext('gc');
    const heap = () => {
      collect();
      return process.memoryUsage().heapUsed;
    };
    await store.append('meeting-a', someEvents(1), 'none');
    const messages = store.subscribe(undefined, ended.signal);
    let caughtUp = 0;
    let before = 0;
    await take(messages, () => {
      caughtUp += 1;
      if (caughtUp === RECONNECTS / 5) before = heap();
      if (caughtUp % 2 === 0) server.endSubscriptions();
      else server.breakSubscriptions();
      return server.calls.subscribe >= RECONNECTS;
    });
    expect(server.calls.subscribe).toBeGreaterThanOrEqual(RECONNECTS);
    expect(server.subscriptions).toBeLessThanOrEqual(1);
    expect(server.open).toBeLessThanOrEqual(2);
    expect(heap() - before).toBeLessThan(8 * 1_048_576);
  },
  200_000,
);
