import { fileURLToPath } from 'node:url';
import ICAL from 'ical.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCalendars } from '../../src/calendars.ts';
import { createFeedMaker } from '../../src/feed-maker.ts';
import type { Calendars, FeedAsk } from '../../src/http/app.ts';
import { DEFAULT_OPTIONS, type FeedOptions, lint } from '../../src/ical/index.ts';
import { entryUid } from '../../src/ids.ts';
import { World } from '../projections/support/world.ts';
import { readCalendar } from './support/oracles.ts';

/** A meeting from its first mention to its outcome, as a calendar program that subscribed early sees it. */

type Event = InstanceType<typeof ICAL.Component>;

const text = (event: Event, name: string): string =>
  String(event.getFirstPropertyValue(name) ?? '');
const sequenceOf = (event: Event): number => Number(event.getFirstPropertyValue('sequence'));
const stampOf = (event: Event): number => {
  const value = event.getFirstPropertyValue('last-modified');
  if (!(value instanceof ICAL.Time)) throw new Error('no LAST-MODIFIED');
  return value.toUnixTime();
};

/**
 * Keeps entries by UID as programs do: takes what is new or has a higher SEQUENCE, drops what has left the
 * feed, and would never notice a change under the same SEQUENCE.
 */
class Subscriber {
  readonly entries = new Map<string, Event>();
  readonly faults: string[] = [];

  receive(calendar: string): void {
    const events = readCalendar(calendar).getAllSubcomponents('vevent');
    const uids = events.map((event) => text(event, 'uid'));
    if (new Set(uids).size !== uids.length) this.faults.push('a UID twice');
    for (const event of events) this.#take(event);
    for (const uid of this.entries.keys()) if (!uids.includes(uid)) this.entries.delete(uid);
  }

  #take(event: Event): void {
    const uid = text(event, 'uid');
    const known = this.entries.get(uid);
    if (known !== undefined) this.#compare(known, event);
    if (known === undefined || sequenceOf(event) > sequenceOf(known)) this.entries.set(uid, event);
  }

  #compare(known: Event, event: Event): void {
    const [before, after] = [sequenceOf(known), sequenceOf(event)];
    if (after < before) this.faults.push(`SEQUENCE fell from ${before} to ${after}`);
    if (stampOf(event) < stampOf(known)) this.faults.push('LAST-MODIFIED fell');
    if (event.toString() === known.toString()) return;
    if (after === before) this.faults.push(`another entry with SEQUENCE ${after}`);
    if (stampOf(event) <= stampOf(known)) this.faults.push('another entry of the same time');
  }
}

const ID = 'scc-geneva-2022-08';
const GENEVA = { name: 'Geneva', country: 'CH', timezone: 'Europe/Zurich' };
const timed = (day: string) => ({
  ...{ start: `${day}T10:00`, end: `${day}T18:00`, timezone: 'Europe/Zurich' },
});

interface Step {
  readonly name: string;
  readonly at: string;
  readonly happens: (world: World) => Promise<unknown>;
  readonly summary: string;
  readonly status: string;
  readonly start: string;
  /** What DESCRIPTION tells beside the present state. */
  readonly tells?: readonly string[];
}

const TITLE = 'Syrian Constitutional Committee meeting';

const LIFE: readonly Step[] = [
  {
    ...{ name: 'proposed', at: '2021-11-22T08:00:00Z' },
    happens: (world) =>
      world.propose(ID, {
        ...{ title: TITLE, form: 'session', topics: ['constitution'], place: GENEVA },
        when: { edtf: '2022-08' },
      }),
    ...{ summary: `[August 2022, date TBC] ${TITLE}`, status: 'TENTATIVE', start: '2022-08-01' },
  },
  {
    ...{ name: 'announced', at: '2021-12-01T08:00:00Z' },
    happens: (world) => world.announced(ID, { likelihood: 'may-occur' }),
    ...{ summary: `[August 2022, date TBC] ${TITLE}`, status: 'TENTATIVE', start: '2022-08-01' },
  },
  {
    ...{ name: 'refined', at: '2022-05-02T08:00:00Z' },
    happens: (world) => world.reschedule(ID, '2022-08-22/2022-08-26'),
    ...{ summary: TITLE, status: 'TENTATIVE', start: '2022-08-22', tells: ['August 2022'] },
  },
  {
    ...{ name: 'timed', at: '2022-06-01T08:00:00Z' },
    happens: (world) => world.post(`/meetings/${ID}/reschedule`, { when: timed('2022-08-22') }),
    ...{ summary: TITLE, status: 'TENTATIVE', start: '2022-08-22T10:00:00' },
    tells: ['22–26 August 2022'],
  },
  {
    ...{ name: 'moved', at: '2022-06-10T08:00:00Z' },
    happens: (world) =>
      world.post(`/meetings/${ID}/reschedule`, {
        ...{ when: timed('2022-08-29'), reason: 'The hall is taken' },
      }),
    ...{ summary: TITLE, status: 'TENTATIVE', start: '2022-08-29T10:00:00' },
    tells: ['22 August 2022', 'The hall is taken'],
  },
  {
    ...{ name: 'relocated', at: '2022-06-11T08:00:00Z' },
    happens: (world) => world.relocate(ID, { name: 'Vienna', country: 'AT' }),
    ...{ summary: TITLE, status: 'TENTATIVE', start: '2022-08-29T10:00:00' },
  },
  {
    ...{ name: 'postponed', at: '2022-07-16T08:00:00Z' },
    happens: (world) => world.postpone(ID, { reason: 'One side asked for another place' }),
    ...{ summary: `[POSTPONED] ${TITLE}`, status: 'CANCELLED', start: '2022-08-29T10:00:00' },
    tells: ['One side asked for another place'],
  },
  {
    ...{ name: 'new-date', at: '2022-08-01T08:00:00Z' },
    happens: (world) => world.reschedule(ID, '2022-10-10/2022-10-14'),
    ...{ summary: TITLE, status: 'TENTATIVE', start: '2022-10-10', tells: ['29 August 2022'] },
  },
  {
    ...{ name: 'corrected', at: '2022-08-02T08:00:00Z' },
    happens: (world) => world.correct(ID, { when: { edtf: '2022-10' }, reason: 'Only the month' }),
    ...{ summary: `[October 2022, date TBC] ${TITLE}`, status: 'TENTATIVE', start: '2022-10-01' },
  },
  {
    ...{ name: 'cancelled', at: '2022-08-20T08:00:00Z' },
    happens: (world) => world.cancel(ID, { reason: 'No visas' }),
    ...{ summary: `[CANCELLED] ${TITLE}`, status: 'CANCELLED', start: '2022-10-01' },
    tells: ['No visas'],
  },
  {
    ...{ name: 'reinstated', at: '2022-09-01T08:00:00Z' },
    happens: (world) => world.reinstate(ID),
    ...{ summary: `[October 2022, date TBC] ${TITLE}`, status: 'TENTATIVE', start: '2022-10-01' },
  },
  {
    ...{ name: 'held', at: '2022-10-13T08:00:00Z' },
    happens: (world) => world.hold(ID, { when: { edtf: '2022-10-12' } }),
    ...{ summary: TITLE, status: 'CONFIRMED', start: '2022-10-12', tells: ['October 2022'] },
  },
  {
    ...{ name: 'outcome', at: '2022-10-14T08:00:00Z' },
    happens: (world) => world.outcome(ID, 'Agreed to meet again'),
    ...{
      summary: TITLE,
      status: 'CONFIRMED',
      start: '2022-10-12',
      tells: ['Agreed to meet again'],
    },
  },
];

const OPTIONS: readonly FeedOptions[] = (['status', 'label', 'hide'] as const).flatMap(
  (cancelled) =>
    (['cancelled', 'tentative'] as const).flatMap((postponed) =>
      (['span', 'marker', 'omit'] as const).map((approx) => ({
        ...{ cancelled, postponed, approx, past: 365 },
      })),
    ),
);
const DEFAULT: FeedAsk = {
  ...{ level: 0, name: 'Chancery', options: DEFAULT_OPTIONS, filters: {}, path: '/calendar.ics' },
};
const asks: readonly FeedAsk[] = [
  DEFAULT,
  ...OPTIONS.map((options) => ({ ...DEFAULT, options })),
  { ...DEFAULT, filters: { form: ['session'] }, path: '/calendar.ics?form=session' },
];

let world: World;
let calendars: Calendars;
const follow = () => {
  const view = { entries: world.view.entries, publicUrl: 'https://c.example.org' };
  calendars = createCalendars({
    ...{ ...view, feeds: createFeedMaker({ ...view, clock: () => world.now }) },
    // Always another: every read looks for changes.
    version: () => ++reads,
    until: () => Number.POSITIVE_INFINITY,
  });
};
let reads = 0;

async function feedOf(ask: FeedAsk): Promise<string> {
  const feed = await calendars.feed(ask, world.now);
  const { etag } = feed;
  const bytes = Buffer.concat(await feed.plain());
  expect(lint(bytes)).toEqual([]);
  const again = await calendars.feed(ask, world.now);
  expect(again.etag).toBe(etag);
  return bytes.toString();
}

const golden = (name: string): string =>
  fileURLToPath(new URL(`./golden/life/${name}.ics`, import.meta.url));

const startOf = (event: Event): string => String(event.getFirstPropertyValue('dtstart'));

describe('a life of a meeting in a client', () => {
  const subscriber = new Subscriber();
  /** One to each feed under other options. */
  const others = asks.map((ask) => ({ ask, subscriber: new Subscriber() }));
  beforeAll(async () => {
    world = await World.open();
    follow();
  });
  afterAll(() => world.close());

  test.each(LIFE.map((step, index) => [step.name, step, index] as const))(
    '%s: exactly one entry, and the right one',
    async (name, step, index) => {
      world.at(step.at);
      await step.happens(world);
      const calendar = await feedOf(DEFAULT);
      subscriber.receive(calendar);
      expect(subscriber.faults).toEqual([]);
      const [entry, ...more] = [...subscriber.entries.values()];
      expect(more).toEqual([]);
      if (entry === undefined) throw new Error('there is no entry');
      expect(text(entry, 'summary')).toBe(step.summary);
      expect(text(entry, 'status')).toBe(step.status);
      expect(startOf(entry)).toBe(step.start);
      expect(text(entry, 'uid')).toBe(entryUid(`meeting-${ID}`));
      expect(sequenceOf(entry)).toBe(index);
      for (const told of step.tells ?? []) expect(text(entry, 'description')).toContain(told);
      await expect(calendar).toMatchFileSnapshot(
        golden(`${String(index + 1).padStart(2, '0')}-${name}`),
      );
      for (const other of others) other.subscriber.receive(await feedOf(other.ask));
    },
  );

  test('under all options and a filter nothing fell, and no change went unseen', () => {
    for (const other of others) expect(other.subscriber.faults).toEqual([]);
    expect(others).toHaveLength(20);
  });
});

describe('an entry that leaves a client', () => {
  let subscriber: Subscriber;
  beforeAll(async () => {
    world = await World.open();
    follow();
    world.at('2022-01-10T08:00:00Z');
    await world.announce('a', { title: 'Talks', when: { edtf: '2022-06-10' } });
    await world.announce('b', { title: 'Talks, again', when: { edtf: '2022-06-10' } });
    await world.announce('c', { title: 'Consultations', when: { edtf: '2022-07-01' } });
    await world.announce('d', { title: 'A round', when: { edtf: '2022-07-05' } });
    subscriber = new Subscriber();
    subscriber.receive(await feedOf(DEFAULT));
  });
  afterAll(() => world.close());

  const uid = (id: string) => entryUid(`meeting-${id}`);
  const shown = (id: string) => {
    const entry = subscriber.entries.get(uid(id));
    return entry && [text(entry, 'status'), text(entry, 'summary'), sequenceOf(entry)];
  };
  const at = async (moment: string, work: () => Promise<unknown> = async () => {}) => {
    world.at(moment);
    await work();
    subscriber.receive(await feedOf(DEFAULT));
    expect(subscriber.faults).toEqual([]);
  };

  test('merged: cancelled with the way to the survivor for 30 days, then gone', async () => {
    await at('2022-02-01T08:00:00Z', () => world.merge('b', 'a'));
    expect(shown('b')).toEqual(['CANCELLED', '[MERGED] Talks, again', 1]);
    const entry = subscriber.entries.get(uid('b'));
    expect(entry && text(entry, 'url')).toBe('https://c.example.org/meetings/a');
    expect(shown('a')).toEqual(['TENTATIVE', 'Talks', 0]);
    await at('2022-03-03T23:59:59Z');
    expect(shown('b')?.[0]).toBe('CANCELLED');
    await at('2022-03-04T00:00:00Z');
    expect(shown('b')).toBeUndefined();
  });

  test('withdrawn: the same, and restored it is there again', async () => {
    await at('2022-03-05T08:00:00Z', () => world.withdraw('c'));
    expect(shown('c')).toEqual(['CANCELLED', '[WITHDRAWN] Consultations', 1]);
    await at('2022-03-06T08:00:00Z', () => world.restore('c'));
    expect(shown('c')).toEqual(['TENTATIVE', 'Consultations', 2]);
    await at('2022-03-07T08:00:00Z', () => world.withdraw('c'));
    await at('2022-04-07T00:00:00Z');
    expect(shown('c')).toBeUndefined();
  });

  test('restricted: gone without a trace, and released again under a higher SEQUENCE', async () => {
    await at('2022-04-08T08:00:00Z', () => world.revise('d', { title: 'The round' }));
    expect(shown('d')).toEqual(['TENTATIVE', 'The round', 1]);
    await at('2022-04-09T08:00:00Z', () => world.reclassify('d', 'internal'));
    expect(shown('d')).toBeUndefined();
    world.at('2022-04-10T08:00:00Z');
    await world.revise('d', { title: 'The hidden round' });
    expect(await feedOf(DEFAULT)).not.toContain('hidden');
    await at('2022-04-11T08:00:00Z', () => world.reclassify('d', 'public'));
    expect(shown('d')?.slice(0, 2)).toEqual(['TENTATIVE', 'The hidden round']);
    expect(Number(shown('d')?.[2])).toBeGreaterThan(1);
    const entry = subscriber.entries.get(uid('d'));
    expect(entry && text(entry, 'description')).not.toContain('The round');
  });
});
