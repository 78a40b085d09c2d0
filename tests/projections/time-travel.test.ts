import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RecordedEvent } from '../../events/envelope.ts';
import { asOfMs } from '../../projections/past.ts';
import type {
  AnnouncementFilters,
  MeetingFilters,
  Page,
  Past,
  Reader,
  Sort,
} from '../../projections/types.ts';
import { endOfUtcDayMs, instantMs } from '../../src/domain/date/index.ts';
import { inStatedOrder } from '../../src/domain/stated.ts';
import { Play, script, WORDS } from './support/script.ts';
import { View } from './support/view.ts';
import { World } from './support/world.ts';

/** As of another day, everything is as a fold of exactly the events that qualify has it. */

const SORTS: readonly Sort[] = ['latest', '-latest', 'recordedAt', '-recordedAt'];
const MEETING_FILTERS: readonly MeetingFilters[] = [
  {},
  { participant: ['russia'] },
  { country: ['CH'], form: ['session', 'summit'] },
  { place: ['Tehran'] },
  { track: ['track-1'], topic: ['syria', 'economy'] },
  { status: ['merged', 'withdrawn', 'cancelled', 'held'] },
  { status: ['announced'], precision: ['day', 'time', 'month'] },
  { from: '2021-11-22', to: '2021-11-24' },
  { from: '2021-11-21T12:00:00Z', certain: true },
  ...WORDS.map((word) => ({ q: [word] })),
];
const ANNOUNCEMENT_FILTERS: readonly AnnouncementFilters[] = [
  {},
  { kind: ['report'], outlet: ['tass'] },
  { topic: ['syria'] },
  { from: '2021-11-21', to: '2021-11-21' },
  { q: ['astana'] },
];

interface Asked {
  readonly view: View;
  readonly reader: Reader;
  readonly past: Past;
  readonly nowMs: number;
  readonly meetings: readonly string[];
  readonly reports: readonly string[];
}

function pages<T>(read: (cursor: { cursor?: string }) => Page<T>): readonly T[] {
  const items: T[] = [];
  for (let next: string | null | undefined; next !== null; ) {
    const page: Page<T> = read(next === undefined ? {} : { cursor: next });
    items.push(...page.items);
    next = page.next;
  }
  return items;
}

/** Everything that takes a day, question → answer. */
const answers = (asked: Asked): Map<string, unknown> =>
  ofThatDay([...SORTS.flatMap((sort) => [...lists(asked, sort)]), ...entries(asked)]);

/** Without what is said of today: whether there is a calendar of the meeting. */
const ofThatDay = (answers: Iterable<[string, unknown]>): Map<string, unknown> =>
  new Map([...answers].map(([question, answer]) => [question, withoutAddress(answer)]));

const withoutAddress = (answer: unknown): unknown =>
  answer &&
  JSON.parse(JSON.stringify(answer, (name, value) => (name === 'ics' ? undefined : value)));

function* lists(asked: Asked, sort: Sort): Generator<[string, unknown]> {
  const { reader, nowMs, past } = asked;
  const { queries } = asked.view;
  const request = { reader, nowMs, past, sort, limit: 3 };
  for (const filters of MEETING_FILTERS) {
    for (const side of [undefined, 'upcoming', 'past'] as const) {
      const list = { ...request, filters, ...(side === undefined ? {} : { side }) };
      const items = pages((cursor) => queries.listMeetings({ ...list, ...cursor }));
      yield [`meetings ${sort} ${side} ${JSON.stringify(filters)}`, items];
    }
  }
  const ofMeetings = asked.meetings.map((id) => ({ meeting: [id] }));
  for (const filters of [...ANNOUNCEMENT_FILTERS, ...ofMeetings]) {
    const list = { ...request, filters };
    const items = pages((cursor) => queries.listAnnouncements({ ...list, ...cursor }));
    yield [`announcements ${sort} ${JSON.stringify(filters)}`, items];
  }
}

function* entries(asked: Omit<Asked, 'nowMs'>): Generator<[string, unknown]> {
  const { view, reader, past, meetings, reports } = asked;
  const { queries } = view;
  const page = { limit: 500 };
  for (const id of meetings) {
    yield [`meeting ${id}`, queries.getMeeting(reader, id, past)];
    yield [`history of ${id}`, queries.meetingHistory(reader, id, page, past)];
  }
  for (const id of reports) {
    yield [`announcement ${id}`, queries.getAnnouncement(reader, id, past)];
    yield [`history of ${id}`, queries.announcementHistory(reader, id, page, past)];
  }
}

/** A view of these events alone. */
function viewOf(events: readonly RecordedEvent[]): View {
  const view = View.live();
  view.apply(events);
  return view;
}

const isTimeless = ({ type }: RecordedEvent): boolean =>
  ['MeetingMerged', 'MeetingWithdrawn', 'MeetingRestored'].includes(type);

/** The events stated by the end of a day, as a log recorded in stated order would have them. */
function stated(log: readonly RecordedEvent[], day: string): RecordedEvent[] {
  const streams = Map.groupBy(log, ({ stream }) => stream);
  const ordered = [...streams.values()].flatMap((events) => inStatedOrder(events, { upTo: day }));
  const begun = new Set(ordered.filter((event) => !isTimeless(event)).map(({ stream }) => stream));
  const inTime = ordered.filter((event) => !isTimeless(event));
  // Merges are judged in the order in which they were recorded.
  const timeless = log.filter((event) => isTimeless(event) && begun.has(event.stream));
  return [...inTime, ...timeless];
}

const recordedBy = (log: readonly RecordedEvent[], ms: number): RecordedEvent[] =>
  log.filter(({ meta }) => instantMs(meta.recordedAt) <= ms);

/** Sees everything, always: so that only time decides. Revisions are the log's own. */
const all = (clockMs: number): Reader => ({ level: 2, editor: false, clockMs });

interface Told {
  readonly world: World;
  readonly log: readonly RecordedEvent[];
  readonly meetings: readonly string[];
  readonly reports: readonly string[];
}

async function played(
  steps: Parameters<Play['run']>[0],
  check: (told: Told) => void | Promise<void>,
): Promise<void> {
  const world = await World.open();
  try {
    const { meetings, reports } = await new Play(world).run(steps);
    await check({ world, log: await world.log(), meetings, reports });
  } finally {
    await world.close();
  }
}

function same(asked: Omit<Asked, 'view'>, full: View, events: RecordedEvent[], clockMs: number) {
  const shadow = viewOf(events);
  try {
    const then = { ...asked, view: shadow, reader: all(clockMs), past: {} };
    expect(answers({ ...asked, view: full })).toEqual(answers(then));
  } finally {
    shadow.close();
  }
}

/**
 * Whether an embargo had ended by then of an entry that was written to later, before anybody recorded its end: that
 * is then recorded after what was written, so it is not of that moment, while a log that ends there has it next.
 */
function releasedLate(log: readonly RecordedEvent[], ms: number): boolean {
  const { db } = viewOf(recordedBy(log, ms));
  const written = new Set(
    log.filter(({ meta }) => instantMs(meta.recordedAt) > ms).map(({ stream }) => stream),
  );
  try {
    return ['meeting', 'announcement'].some((kind) =>
      db
        .prepare(`SELECT record FROM ${kind}s`)
        .all()
        .map(({ record }) => JSON.parse(String(record)))
        .filter(({ embargo }) => embargo !== null && instantMs(embargo) <= ms)
        .some(({ id }) => written.has(`${kind}-${id}`)),
    );
  } finally {
    db.close();
  }
}

const share = fc.double({ min: 0, max: 1, noNaN: true });
const days = fc.constantFrom(...['2021-11-15', '2021-11-16', '2021-11-18', '2021-11-21']);
const laterDays = fc.constantFrom(...['2021-11-22', '2021-11-23', '2021-11-25', '2021-12-31']);

test('asOf: what had been recorded by then', async () => {
  await fc.assert(
    fc.asyncProperty(script(30), share, (steps, part) =>
      played(steps, ({ world, log, meetings, reports }) => {
        const at = log[Math.floor(part * (log.length - 1))]?.meta.recordedAt ?? '';
        const ms = asOfMs(at);
        fc.pre(!releasedLate(log, ms));
        const asked = {
          ...{ reader: all(world.now), past: { recordedMs: ms }, nowMs: ms },
          ...{ meetings, reports },
        };
        same(asked, world.view, recordedBy(log, ms), ms);
      }),
    ),
    { numRuns: 8 },
  );
});

test('statedAsOf: what had been said by the end of that day, in the order in which it was said', async () => {
  await fc.assert(
    fc.asyncProperty(script(30), fc.oneof(days, laterDays), (steps, day) =>
      played(steps, ({ world, log, meetings, reports }) => {
        const nowMs = endOfUtcDayMs(day);
        const asked = {
          ...{ reader: all(world.now), past: { statedDay: day }, nowMs },
          ...{ meetings, reports },
        };
        same(asked, world.view, stated(log, day), 0);
      }),
    ),
    { numRuns: 8 },
  );
});

test('both: of what had been recorded by then, what had been said by the end of that day', async () => {
  await fc.assert(
    fc.asyncProperty(script(30), share, laterDays, (steps, part, day) =>
      played(steps, ({ world, log, meetings, reports }) => {
        const at = log[Math.floor(part * (log.length - 1))]?.meta.recordedAt ?? '';
        const shadow = viewOf(stated(recordedBy(log, asOfMs(at)), day));
        const past = { recordedMs: asOfMs(at), statedDay: day };
        const asked = { meetings, reports };
        const full = { ...asked, view: world.view, reader: all(world.now), past };
        const then = { ...asked, view: shadow, reader: all(0), past: {} };
        expect(ofThatDay(entries(full))).toEqual(ofThatDay(entries(then)));
        shadow.close();
      }),
    ),
    { numRuns: 8 },
  );
});

/** What an answer names: entries, and the events by which it came to be. */
const named = (answer: unknown): string => JSON.stringify(answer);

test('no day shows a reader more than the present does', async () => {
  await fc.assert(
    fc.asyncProperty(
      ...([script(30), fc.constantFrom(0, 1), share, fc.oneof(days, laterDays)] as const),
      (steps, level, part, statedDay) =>
        played(steps, (told) => {
          const at = told.log[Math.floor(part * (told.log.length - 1))]?.meta.recordedAt ?? '';
          const reader = told.world.reader(level as 0 | 1);
          expectNoMore(told, reader, { recordedMs: asOfMs(at) });
          expectNoMore(told, reader, { statedDay });
        }),
    ),
    { numRuns: 10 },
  );
});

function expectNoMore({ world, log, meetings, reports }: Told, reader: Reader, past: Past): void {
  const asked = { view: world.view, reader, past, nowMs: world.now, meetings, reports };
  const then = named([...answers(asked)]);
  for (const event of hiddenFrom(world, reader, log, meetings, reports)) {
    expect(then).not.toContain(event);
  }
  const hidden = meetings.filter((id) => world.queries.getMeeting(reader, id).kind === 'none');
  for (const id of hidden) expect(then).not.toContain(`"id":${JSON.stringify(id)}`);
}

/** Ids of the events that the present history of no entry has for the reader. */
function hiddenFrom(
  world: World,
  reader: Reader,
  log: readonly RecordedEvent[],
  meetings: readonly string[],
  reports: readonly string[],
): string[] {
  const told = named([...entries({ view: world.view, reader, past: {}, meetings, reports })]);
  return log.map(({ id }) => id).filter((id) => !told.includes(id));
}

test('a release is stated when its date was, and what came before it never happened', async () => {
  const world = await World.open();
  try {
    await world.announce('m', {
      ...{ classification: 'internal', statedAt: '2021-11-10', when: { edtf: '2022-01' } },
    });
    await world.at('2021-11-23T08:00:00Z').reschedule('m', '2022-03', { statedAt: '2021-11-15' });
    await world.at('2021-11-24T08:00:00Z').reclassify('m', 'public');
    await world.at('2021-11-25T08:00:00Z').reschedule('m', '2022-05');
    const when = (past: Past, level: 0 | 1) => {
      const found = world.queries.getMeeting(world.reader(level), 'm', past);
      return found.kind === 'found' ? found.value.when?.display : found.kind;
    };
    const statedDay = (day: string, level: 0 | 1) => when({ statedDay: day }, level);
    expect(statedDay('2021-11-10', 1)).toBe('January 2022');
    expect(statedDay('2021-11-14', 0)).toBe('none');
    expect(statedDay('2021-11-15', 0)).toBe('March 2022');
    expect(statedDay('2021-11-25', 0)).toBe('May 2022');
    const recorded = (at: string, level: 0 | 1) => when({ recordedMs: asOfMs(at) }, level);
    expect(recorded('2021-11-23', 0)).toBe('none');
    expect(recorded('2021-11-23', 1)).toBe('March 2022');
    expect(recorded('2021-11-24T08:00:00Z', 0)).toBe('March 2022');
    expect(recorded('2021-11-24T07:59:59Z', 0)).toBe('none');
  } finally {
    await world.close();
  }
});
