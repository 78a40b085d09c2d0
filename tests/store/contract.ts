import { randomUUID } from 'node:crypto';
import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { NewEvent, RecordedEvent } from '../../events/envelope.ts';
import {
  type AppendResult,
  type EventStore,
  InvalidEvent,
  PartialAppend,
  type Position,
  RevisionConflict,
  StoreUnavailable,
} from '../../src/store/event-store.ts';
import { DEFAULT_LIMITS } from '../../src/store/serialise.ts';
import { anEvent, idsOf, someEvents, take, turns, untilCaughtUp } from './events.ts';

/** One log, empty at first. */
export interface ContractLog {
  /** Another client of this log, with the default limits; the suite closes it. */
  open(): Promise<EventStore>;
  /** Removes the log; every client is closed by then. */
  remove(): Promise<void>;
}

const fill = async (store: EventStore, stream: string, length: number): Promise<void> => {
  if (length > 0) await store.append(stream, someEvents(length), 'none');
};

/** Appends all at once, some at a revision beside the right one; gives the ids that were written. */
async function attemptAll(
  store: EventStore,
  stream: string,
  attempts: readonly { size: number; offset: number }[],
): Promise<string[]> {
  let at = -1;
  const attempted: Promise<string[]>[] = [];
  for (const { size, offset } of attempts) {
    const base = Math.max(-1, at + offset);
    if (base === at) at += size;
    const events = someEvents(size);
    const appended = store.append(stream, events, base < 0 ? 'none' : base);
    attempted.push(
      appended.then(
        () => idsOf(events),
        () => [],
      ),
    );
  }
  return (await Promise.all(attempted)).flat();
}

/** What every event store does. An adapter's test calls this with its name and a way to make a log. */
export function storeContract(name: string, makeLog: () => Promise<ContractLog>): void {
  describe(`${name}, as every event store`, () => {
    let log: ContractLog;
    let store: EventStore;
    let clients: EventStore[];
    let ended: AbortController;

    const another = async (): Promise<EventStore> => {
      const client = await log.open();
      clients.push(client);
      return client;
    };

    const wholeLog = async (backwards: boolean, limit: number): Promise<RecordedEvent[]> => {
      const events: RecordedEvent[] = [];
      for (let after: Position | undefined; ; after = events.at(-1)?.position) {
        const page = await store.readAll({ after, limit, backwards });
        expect(page.length).toBeLessThanOrEqual(limit);
        if (page.length === 0) return events;
        events.push(...page);
      }
    };

    beforeEach(async () => {
      log = await makeLog();
      clients = [];
      ended = new AbortController();
      store = await another();
    });

    afterEach(async () => {
      ended.abort();
      await Promise.all(clients.map((client) => client.close()));
      await log.remove();
    });

    describe('append', () => {
      test('gives the revision and the position of its last event', async () => {
        const first = await store.append('meeting-a', someEvents(1), 'none');
        const second = await store.append('meeting-a', someEvents(3), 0);
        expect([first.revision, second.revision]).toEqual([0, 3]);
        const events = await store.readStream('meeting-a');
        expect(events[0]?.position).toBe(first.position);
        expect(events[3]?.position).toBe(second.position);
      });

      test('returns what was written, exactly', async () => {
        const event = anEvent({
          empty: '',
          zero: 0,
          list: [null, true, 1e-7],
          nul: '\u0000\u2028',
        });
        const { position } = await store.append('meeting-a', [event], 'none');
        const recorded = { ...event, stream: 'meeting-a', revision: 0, position };
        expect(await store.readStream('meeting-a')).toEqual([recorded]);
        expect(await store.readAll({ limit: 10 })).toEqual([recorded]);
      });

      test('takes any JSON as data and gives it back', async () => {
        let revision: number | 'none' = 'none';
        await fc.assert(
          fc.asyncProperty(fc.jsonValue({ maxDepth: 5 }), async (value) => {
            // JSON has no negative zero.
            const data = JSON.parse(JSON.stringify(value));
            const { revision: at }: AppendResult = await store.append(
              'meeting-a',
              [anEvent('', { data })],
              revision,
            );
            revision = at;
            expect((await store.readStream('meeting-a', { from: at }))[0]?.data).toEqual(data);
          }),
          { numRuns: 50 },
        );
      });

      test('leaves out properties that are undefined', async () => {
        await store.append('meeting-a', [anEvent('', { data: { a: 1, b: undefined } })], 'none');
        expect((await store.readStream('meeting-a'))[0]?.data).toStrictEqual({ a: 1 });
      });

      test.each([
        [0, 'none', 0],
        [3, 2, 3],
      ] as const)(
        'to a stream of %i events, expected at %s',
        async (length, expected, revision) => {
          await fill(store, 'meeting-a', length);
          const appended = await store.append('meeting-a', someEvents(1), expected);
          expect(appended.revision).toBe(revision);
        },
      );

      test.each([
        [0, 0, 'none'],
        [0, 4, 'none'],
        [3, 'none', 2],
        [3, 1, 2],
        [3, 3, 2],
      ] as const)(
        'to a stream of %i events, expected at %s, conflicts',
        async (length, expected, actual) => {
          await fill(store, 'meeting-a', length);
          const appended = store.append('meeting-a', someEvents(1), expected);
          const error = await appended.catch((reason: unknown) => reason);
          expect(error).toBeInstanceOf(RevisionConflict);
          expect(error).toMatchObject({ stream: 'meeting-a', expected, actual });
          expect(await store.readStream('meeting-a')).toHaveLength(length);
        },
      );

      test.each([-1, 0.5, Number.NaN])('refuses %s as an expected revision', async (expected) => {
        const appended = store.append('meeting-a', someEvents(1), expected);
        await expect(appended).rejects.toThrow(RangeError);
      });

      test('lets one of many concurrent writers of a stream win', async () => {
        const other = await another();
        const outcomes = await Promise.allSettled(
          Array.from({ length: 20 }, (_, index) =>
            (index % 2 === 0 ? store : other).append('meeting-a', someEvents(2), 'none'),
          ),
        );
        expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
        for (const outcome of outcomes) {
          if (outcome.status === 'rejected')
            expect(outcome.reason).toBeInstanceOf(RevisionConflict);
        }
        expect(await store.readStream('meeting-a')).toHaveLength(2);
      });

      test('of many at once rejects only the one in conflict', async () => {
        await store.append('meeting-7', someEvents(1), 'none');
        const events = Array.from({ length: 50 }, () => someEvents(3));
        const outcomes = await Promise.allSettled(
          events.map((batch, index) => store.append(`meeting-${index}`, batch, 'none')),
        );
        const rejected = outcomes.flatMap(({ status }, index) =>
          status === 'rejected' ? index : [],
        );
        expect(rejected).toEqual([7]);
        for (const [index, batch] of events.entries()) {
          if (index === 7) continue;
          expect(idsOf(await store.readStream(`meeting-${index}`))).toEqual(idsOf(batch));
        }
        expect(await store.readStream('meeting-7')).toHaveLength(1);
      });

      test('of several at once to one stream decides each on the one before', async () => {
        const [first, second, third] = await Promise.allSettled([
          store.append('meeting-a', someEvents(2), 'none'),
          store.append('meeting-a', someEvents(1), 'none'),
          store.append('meeting-a', someEvents(1), 1),
        ]);
        expect(first).toMatchObject({ value: { revision: 1 } });
        expect(second).toMatchObject({ reason: { expected: 'none', actual: 1 } });
        expect(third).toMatchObject({ value: { revision: 2 } });
      });

      test('numbers each stream without gaps, whatever is tried', async () => {
        const attempts = fc.array(
          fc.record({
            size: fc.integer({ min: 1, max: 4 }),
            offset: fc.integer({ min: -1, max: 1 }),
          }),
          { minLength: 1, maxLength: 12 },
        );
        let run = 0;
        await fc.assert(
          fc.asyncProperty(attempts, async (list) => {
            run += 1;
            const stream = `meeting-gapless-${run}`;
            const written = await attemptAll(store, stream, list);
            const events = await store.readStream(stream);
            expect(events.map(({ revision }) => revision)).toEqual([...written.keys()]);
            expect(idsOf(events).toSorted()).toEqual(written.toSorted());
          }),
          { numRuns: 30 },
        );
      });
    });

    describe('a repeated append', () => {
      test('returns the first result and writes nothing', async () => {
        const events = someEvents(3);
        await store.append('meeting-a', someEvents(2), 'none');
        const first = await store.append('meeting-a', events, 1);
        expect(await store.append('meeting-a', events, 1)).toEqual(first);
        expect(await store.readAll({ limit: 100 })).toHaveLength(5);
      });

      test('is known after others wrote, and from another client', async () => {
        const events = someEvents(2);
        const first = await store.append('meeting-a', events, 'none');
        await store.append('meeting-a', someEvents(4), 1);
        await store.append('meeting-b', someEvents(1), 'none');
        const other = await another();
        expect(await other.append('meeting-a', events, 'none')).toEqual(first);
        expect(await store.readAll({ limit: 100 })).toHaveLength(7);
      });

      test('is known while the first is still on its way', async () => {
        const events = someEvents(2);
        const [first, second] = await Promise.all([
          store.append('meeting-a', events, 'none'),
          store.append('meeting-a', events, 'none'),
        ]);
        expect(second).toEqual(first);
        expect(await store.readAll({ limit: 100 })).toHaveLength(2);
      });

      test.each([
        ['its first events', 0, 3],
        ['its last events', 2, 5],
        ['events from its middle', 1, 4],
        ['one of its events', 3, 4],
      ])('may be of %s, at their own revision', async (_, from, to) => {
        const events = someEvents(5);
        await store.append('meeting-a', someEvents(1), 'none');
        await store.append('meeting-a', events, 0);
        await store.append('meeting-a', someEvents(1), 5);
        const part = events.slice(from, to);
        // Revision 0 is that of the event before the first of them.
        const repeated = await store.append('meeting-a', part, from);
        const last = (await store.readStream('meeting-a', { from: to, limit: 1 }))[0];
        expect(last?.id).toBe(part.at(-1)?.id);
        expect(repeated).toEqual({ revision: to, position: last?.position });
        expect(await store.readAll({ limit: 100 })).toHaveLength(7);
      });

      test('may be of the first events of a stream', async () => {
        const events = someEvents(3);
        await store.append('meeting-a', events, 'none');
        const repeated = await store.append('meeting-a', events.slice(0, 2), 'none');
        const [, second] = await store.readStream('meeting-a');
        expect(repeated).toEqual({ revision: 1, position: second?.position });
        expect(await store.readAll({ limit: 100 })).toHaveLength(3);
      });

      test('of a part at the revision of the whole is a conflict', async () => {
        const events = someEvents(3);
        await store.append('meeting-a', events, 'none');
        const appended = store.append('meeting-a', events.slice(1), 'none');
        await expect(appended).rejects.toMatchObject({ name: 'RevisionConflict', actual: 2 });
      });

      test('at another revision is a conflict', async () => {
        const events = someEvents(2);
        await store.append('meeting-a', someEvents(1), 'none');
        await store.append('meeting-a', events, 0);
        const appended = store.append('meeting-a', events, 'none');
        await expect(appended).rejects.toMatchObject({ name: 'RevisionConflict', actual: 2 });
      });

      test.each<[string, (events: NewEvent[], fresh: NewEvent) => NewEvent[]]>([
        ['one more', ([a, b], fresh) => [a, b, fresh] as NewEvent[]],
        ['another last', ([a], fresh) => [a, fresh] as NewEvent[]],
        ['another first', ([, b], fresh) => [fresh, b] as NewEvent[]],
        ['another order', ([a, b]) => [b, a] as NewEvent[]],
      ])('with %s is a partial overlap', async (_, change) => {
        const events = someEvents(2);
        await store.append('meeting-a', events, 'none');
        const changed = change(events, anEvent());
        await expect(store.append('meeting-a', changed, 'none')).rejects.toThrow(PartialAppend);
        expect(idsOf(await store.readAll({ limit: 10 }))).toEqual(idsOf(events));
      });
    });

    describe('an event that cannot be stored', () => {
      const cyclic: { self?: unknown } = {};
      cyclic.self = cyclic;

      test.each<[string, unknown]>([
        ['a bigint', { n: 1n }],
        ['undefined', undefined],
        ['undefined in a list', { list: [undefined] }],
        ['a hole in a list', { list: new Array(1) }],
        ['a cycle', cyclic],
        ['a date', { at: new Date(0) }],
        ['a map', new Map([['a', 1]])],
        ['not a number', { n: Number.NaN }],
        ['infinity', { n: Number.POSITIVE_INFINITY }],
        ['a function', { f: () => 1 }],
        ['a symbol', { s: Symbol('s') }],
        ['a value that says how it becomes JSON', { toJSON: () => 1 }],
        ['an oversize text', { text: 'x'.repeat(DEFAULT_LIMITS.bytesPerEvent) }],
        [
          'a text that is oversize in bytes',
          { text: 'ž'.repeat(DEFAULT_LIMITS.bytesPerEvent / 2) },
        ],
      ])('is refused: %s', async (_, data) => {
        const events = [anEvent(), anEvent('', { data }), anEvent()];
        await expect(store.append('meeting-a', events, 'none')).rejects.toThrow(InvalidEvent);
        expect(await store.readAll({ limit: 10 })).toEqual([]);
      });

      test('says where in which event the fault lies', async () => {
        const event = anEvent('', { data: { places: [{ geo: { lat: Number.NaN } }] } });
        const appended = store.append('meeting-a', [event], 'none');
        await expect(appended).rejects.toThrow(`${event.id} (MeetingRescheduled)`);
        await expect(appended).rejects.toThrow('data.places[0].geo.lat is NaN');
      });

      test('is refused also for what it has beside data', async () => {
        const bad: Partial<NewEvent>[] = [
          { id: '' },
          { type: '' },
          { type: 'a\nb' },
          { id: '\ud800' },
          { meta: undefined as unknown as NewEvent['meta'] },
        ];
        for (const overrides of bad) {
          const appended = store.append('meeting-a', [anEvent('', overrides)], 'none');
          await expect(appended).rejects.toThrow(InvalidEvent);
        }
        await expect(store.append('', someEvents(1), 'none')).rejects.toThrow(InvalidEvent);
      });

      test('is refused as part of no, too many, too large or twice the same events', async () => {
        const event = anEvent();
        const large = Array.from({ length: 5 }, () =>
          anEvent('x'.repeat(DEFAULT_LIMITS.bytesPerEvent - 1_000)),
        );
        const tooMany = someEvents(DEFAULT_LIMITS.eventsPerAppend + 1);
        for (const events of [[], tooMany, large, [event, event]]) {
          await expect(store.append('meeting-a', events, 'none')).rejects.toThrow(InvalidEvent);
        }
        expect(await store.head()).toBeUndefined();
      });

      test('may be as large, and an append as long, as the limit', async () => {
        const large = anEvent('x'.repeat(DEFAULT_LIMITS.bytesPerEvent - 1_000));
        await store.append('meeting-a', [large], 'none');
        const many = someEvents(DEFAULT_LIMITS.eventsPerAppend);
        expect((await store.append('meeting-a', many, 0)).revision).toBe(many.length);
      });
    });

    describe('reading', () => {
      test('a stream that does not exist gives nothing', async () => {
        await store.append('meeting-a', someEvents(1), 'none');
        expect(await store.readStream('meeting-b')).toEqual([]);
        expect(await store.readStream('meeting')).toEqual([]);
        expect(await store.readStream('meeting-b', { backwards: true })).toEqual([]);
      });

      test.each([
        [{}, [0, 1, 2, 3, 4]],
        [{ from: 3 }, [3, 4]],
        [{ from: 5 }, []],
        [{ limit: 2 }, [0, 1]],
        [{ from: 1, limit: 2 }, [1, 2]],
        [{ backwards: true }, [4, 3, 2, 1, 0]],
        [{ backwards: true, limit: 1 }, [4]],
        [{ backwards: true, from: 2 }, [2, 1, 0]],
        [{ backwards: true, from: 2, limit: 2 }, [2, 1]],
        [{ backwards: true, from: 99, limit: 1 }, [4]],
      ])('a stream with %j', async (options, revisions) => {
        await store.append('meeting-a', someEvents(3), 'none');
        await store.append('meeting-b', someEvents(2), 'none');
        await store.append('meeting-a', someEvents(2), 2);
        const events = await store.readStream('meeting-a', options);
        expect(events.map(({ revision }) => revision)).toEqual(revisions);
      });

      test('a long stream gives all of it, both ways', async () => {
        const events = someEvents(1_000);
        await store.append('meeting-a', events, 'none');
        await store.append(
          'meeting-a',
          events.map((event) => ({ ...event, id: randomUUID() })),
          999,
        );
        const forwards = await store.readStream('meeting-a');
        expect(forwards.map(({ revision }) => revision)).toEqual([...new Array(2_000).keys()]);
        const backwards = await store.readStream('meeting-a', { backwards: true, limit: 1_500 });
        expect(backwards).toEqual(forwards.slice(500).reverse());
      });

      test.each([1, 3, 4, 100])('all events in pages of %i, both ways', async (limit) => {
        for (let index = 0; index < 6; index += 1) {
          await store.append(`meeting-${index}`, someEvents(2), 'none');
        }
        const forwards = await wholeLog(false, limit);
        expect(forwards.map(({ stream, revision }) => `${stream}@${revision}`)).toEqual(
          [0, 1, 2, 3, 4, 5].flatMap((index) => [`meeting-${index}@0`, `meeting-${index}@1`]),
        );
        expect(await wholeLog(true, limit)).toEqual(forwards.toReversed());
      });

      test('all events backwards goes on before a position', async () => {
        await store.append('meeting-a', someEvents(4), 'none');
        const [, second, third] = await store.readAll({ limit: 4 });
        const options = { after: third?.position, limit: 1, backwards: true };
        expect(await store.readAll(options)).toEqual([second]);
      });

      test('refuses a limit that is none', async () => {
        await expect(store.readAll({ limit: 0 })).rejects.toThrow(RangeError);
        await expect(store.readStream('meeting-a', { limit: 0.5 })).rejects.toThrow(RangeError);
        await expect(store.readStream('meeting-a', { from: -1 })).rejects.toThrow(RangeError);
      });

      test('refuses a position that is none', async () => {
        const after = 'not-a-position';
        await expect(store.readAll({ after, limit: 1 })).rejects.toThrow(RangeError);
        expect(() => store.subscribe(after, ended.signal)).toThrow(RangeError);
      });

      test('sees what another client has written', async () => {
        const other = await another();
        await store.append('meeting-a', someEvents(2), 'none');
        expect(await other.readStream('meeting-a')).toEqual(await store.readStream('meeting-a'));
        await other.append('meeting-a', someEvents(1), 1);
        expect(await store.readAll({ limit: 10 })).toHaveLength(3);
      });
    });

    describe('head', () => {
      test('is undefined for an empty log', async () => {
        expect(await store.head()).toBeUndefined();
      });

      test('is the last event', async () => {
        const last = anEvent();
        await store.append('meeting-b', someEvents(2), 'none');
        const { position } = await store.append('meeting-a', [last], 'none');
        const { recordedAt } = last.meta;
        expect(await store.head()).toEqual({ position, id: last.id, recordedAt });
      });
    });

    describe('a subscription', () => {
      test('of an empty log is caught up at once', async () => {
        const { kinds } = await take(store.subscribe(undefined, ended.signal), untilCaughtUp);
        expect(kinds).toEqual(['caught-up']);
      });

      test('from the start gives all events in order, in small messages, then the mark', async () => {
        await store.append('meeting-a', someEvents(1_000), 'none');
        await store.append('meeting-b', someEvents(300), 'none');
        const seen = await take(store.subscribe(undefined, ended.signal), untilCaughtUp);
        expect(seen.events).toEqual(await store.readAll({ limit: 2_000 }));
        expect(seen.kinds.indexOf('caught-up')).toBe(seen.kinds.length - 1);
        expect(seen.largest).toBeLessThanOrEqual(500);
      });

      test('from a position gives what comes after it', async () => {
        await store.append('meeting-a', someEvents(2), 'none');
        const { position } = await store.append('meeting-a', someEvents(1), 1);
        const later = someEvents(2);
        await store.append('meeting-b', later, 'none');
        const seen = await take(store.subscribe(position, ended.signal), untilCaughtUp);
        expect(idsOf(seen.events)).toEqual(idsOf(later));
      });

      test('from the live end gives what is appended after the call', async () => {
        await store.append('meeting-a', someEvents(3), 'none');
        const subscription = store.subscribe('end', ended.signal);
        // Nobody has asked for the first message yet.
        await store.head();
        const later = someEvents(2);
        await store.append('meeting-a', later, 2);
        const seen = await take(subscription, (events) => events.length === 2);
        expect(idsOf(seen.events)).toEqual(idsOf(later));
      });

      test('goes on live after the mark, also with the events of another client', async () => {
        const other = await another();
        await store.append('meeting-a', someEvents(2), 'none');
        const subscription = store.subscribe(undefined, ended.signal)[Symbol.asyncIterator]();
        const rest = { [Symbol.asyncIterator]: () => ({ next: () => subscription.next() }) };
        const before = await take(rest, untilCaughtUp);
        expect(before.events).toHaveLength(2);
        expect(before.kinds.at(-1)).toBe('caught-up');
        const seen = take(rest, (events) => events.length === 6);
        await store.append('meeting-a', someEvents(1), 1);
        await other.append('meeting-b', someEvents(4), 'none');
        await store.append('meeting-a', someEvents(1), 2);
        expect((await seen).events).toEqual((await store.readAll({ limit: 10 })).slice(2));
      });

      test('resumes from the last position seen without a gap or a repeat', async () => {
        const seen: RecordedEvent[] = [];
        for (let round = 0; round < 5; round += 1) {
          const appended = store.append(
            'meeting-a',
            someEvents(7),
            round * 7 - 1 < 0 ? 'none' : round * 7 - 1,
          );
          const signal = AbortSignal.any([ended.signal]);
          const messages = store.subscribe(seen.at(-1)?.position, signal);
          const { events } = await take(messages, (list) => list.length > 0);
          seen.push(...events);
          await appended;
        }
        const { events } = await take(
          store.subscribe(seen.at(-1)?.position, ended.signal),
          untilCaughtUp,
        );
        const all = await store.readStream('meeting-a');
        expect(all).toHaveLength(35);
        expect([...seen, ...events]).toEqual(all);
      });

      test('sees every event of concurrent writers once, in the order of the log', async () => {
        const other = await another();
        const seen = take(store.subscribe(undefined, ended.signal), (list) => list.length === 200);
        await Promise.all(
          Array.from({ length: 100 }, (_, index) =>
            (index % 2 === 0 ? store : other).append(`meeting-${index}`, someEvents(2), 'none'),
          ),
        );
        expect((await seen).events).toEqual(await store.readAll({ limit: 300 }));
      });

      test('waits for a slow consumer, to whom nothing is lost', async () => {
        const subscription = store.subscribe(undefined, ended.signal)[Symbol.asyncIterator]();
        await subscription.next();
        for (let index = 0; index < 20; index += 1) {
          await store.append(`meeting-${index}`, someEvents(1), 'none');
        }
        const rest = { [Symbol.asyncIterator]: () => subscription };
        const seen = await take(rest, (list) => list.length === 20);
        expect(seen.events).toEqual(await store.readAll({ limit: 30 }));
      });

      test('ends when it is aborted: before, while waiting, between two messages', async () => {
        const never = () => false;
        await store.append('meeting-a', someEvents(2), 'none');
        expect((await take(store.subscribe(undefined, AbortSignal.abort()), never)).kinds).toEqual(
          [],
        );

        const waiting = new AbortController();
        const ending = take(store.subscribe(undefined, waiting.signal), never);
        const live = store.subscribe('end', waiting.signal)[Symbol.asyncIterator]();
        await live.next();
        const next = live.next();
        await turns(10);
        waiting.abort();
        expect(await next).toMatchObject({ done: true });
        await ending;

        const between = new AbortController();
        const seen = await take(store.subscribe(undefined, between.signal), () => {
          between.abort();
          return false;
        });
        expect(seen.kinds).toEqual(['events']);
      });

      test('leaves nothing behind on the signal, however long it lives', async () => {
        const listening = () => getEventListeners(ended.signal, 'abort').length;
        const subscription = store.subscribe('end', ended.signal)[Symbol.asyncIterator]();
        await subscription.next();
        const live = { [Symbol.asyncIterator]: () => ({ next: () => subscription.next() }) };
        let most = 0;
        for (let index = 0; index < 20; index += 1) {
          const seen = take(live, (events) => events.length > 0);
          await turns(3);
          await store.append(`meeting-${index}`, someEvents(1), 'none');
          await seen;
          most = Math.max(most, listening());
        }
        await subscription.return?.();
        expect(most).toBeLessThanOrEqual(1);
        expect(listening()).toBe(0);
      });

      test('ends when the store is closed', async () => {
        const subscription = store.subscribe(undefined, ended.signal)[Symbol.asyncIterator]();
        await subscription.next();
        const next = subscription.next();
        await store.close();
        expect(await next).toMatchObject({ done: true });
      });
    });

    describe('close', () => {
      test('finishes what was appended, and may be called again', async () => {
        const events = Array.from({ length: 30 }, () => someEvents(2));
        const appended = events.map((batch, index) =>
          store.append(`meeting-${index}`, batch, 'none'),
        );
        await store.close();
        await Promise.all(appended);
        await store.close();
        const other = await another();
        expect(idsOf(await other.readAll({ limit: 100 })).toSorted()).toEqual(
          idsOf(events.flat()).toSorted(),
        );
      });

      test('makes everything asked later unavailable, not written', async () => {
        await store.close();
        const asked = [
          () => store.append('meeting-a', someEvents(1), 'none'),
          () => store.readStream('meeting-a'),
          () => store.readAll({ limit: 1 }),
          () => store.head(),
          async () => store.subscribe(undefined, ended.signal),
        ];
        for (const ask of asked) {
          const error = await ask().catch((reason: unknown) => reason);
          expect(error).toBeInstanceOf(StoreUnavailable);
          expect(error).toMatchObject({ outcome: 'not-written' });
        }
      });
    });
  });
}
