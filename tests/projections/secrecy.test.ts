import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseStream, type RecordedEvent } from '../../events/envelope.ts';
import type { Reader } from '../../projections/types.ts';
import { instantMs } from '../../src/domain/date/index.ts';
import { LEVELS } from '../../src/domain/visibility.ts';
import { type Asked, everything, except } from './support/everything.ts';
import { Play, script, WORDS } from './support/script.ts';
import { View } from './support/view.ts';
import { World } from './support/world.ts';

/** The log of a world in which some streams never were: nothing cites them either. */
function without(hidden: ReadonlySet<string>, log: readonly RecordedEvent[]): RecordedEvent[] {
  return log
    .filter(({ stream }) => !hidden.has(stream))
    .map((event) => {
      const { basedOn, ...meta } = event.meta;
      const cited = basedOn?.filter((id) => !hidden.has(`announcement-${id}`)) ?? [];
      return { ...event, meta: { ...meta, ...(cited.length === 0 ? {} : { basedOn: cited }) } };
    });
}

function isSeen({ queries }: View, reader: Reader, stream: string): boolean {
  const { kind, id = '' } = parseStream(stream) ?? {};
  return kind === 'meeting'
    ? queries.getMeeting(reader, id).kind !== 'none'
    : queries.getAnnouncement(reader, id) !== undefined;
}

/** Streams that a level once saw, by the events that it may know. */
const onceSeen = ({ db }: View, { level }: Reader): Set<string> =>
  new Set(
    db
      .prepare(
        `SELECT 'meeting-' || m.id AS stream, c.known_lo, c.hi
         FROM changes c JOIN meetings m ON c.kind = 0 AND m.n = c.entity WHERE known_lo <= ?1 AND hi >= ?2
         UNION SELECT 'announcement-' || a.id, c.known_lo, c.hi
         FROM changes c JOIN announcements a ON c.kind = 1 AND a.n = c.entity
         WHERE known_lo <= ?1 AND hi >= ?2`,
      )
      .all(level, level)
      .map(({ stream }) => `${stream}`),
  );

/** Whether an embargo ended before an event of the stream said anything of it: the clock alone showed it then. */
function shownByClock(log: readonly RecordedEvent[], stream: string): boolean {
  let embargoMs = Number.POSITIVE_INFINITY;
  for (const { data, meta } of log.filter((event) => event.stream === stream)) {
    if (embargoMs <= instantMs(meta.recordedAt)) return true;
    const access = data as { classification?: string; embargoUntil?: string };
    if (access.classification === undefined) continue;
    const { classification, embargoUntil } = access;
    const isEmbargoed = classification === 'public' && embargoUntil !== undefined;
    embargoMs = isEmbargoed ? instantMs(embargoUntil) : Number.POSITIVE_INFINITY;
  }
  return false;
}

interface Case {
  readonly view: View;
  readonly reader: Reader;
  readonly log: readonly RecordedEvent[];
  readonly asked: Asked;
}

/** Plays a script and compares what a reader gets with what they get without the streams that `hides` names. */
async function compare(
  steps: Parameters<Play['run']>[0],
  reader: Omit<Reader, 'clockMs'>,
  hides: (given: Case, stream: string) => boolean,
  about: (question: string) => boolean = () => true,
): Promise<void> {
  const world = await World.open();
  const shadow = View.live();
  try {
    const { meetings, reports } = await new Play(world).run(steps);
    const log = await world.log();
    const asked = {
      ...{ entries: [...meetings, ...reports, 'missing'], words: WORDS },
      events: log.map(({ id }) => id),
    };
    const given = { view: world.view, reader: { ...reader, clockMs: world.now }, log, asked };
    const streams = new Set(log.map(({ stream }) => stream));
    const hidden = new Set([...streams].filter((stream) => hides(given, stream)));
    shadow.apply(without(hidden, log));
    const chosen = (view: View) =>
      Object.entries(everything(view, given.reader, asked)).filter(([question]) => about(question));
    expect(chosen(world.view)).toEqual(chosen(shadow));
  } finally {
    shadow.close();
    await world.close();
  }
}

const readers = fc.constantFrom(
  { level: 0, editor: false } as const,
  { level: 1, editor: false } as const,
  { level: 1, editor: true } as const,
);

it('what was never visible to a level leaves no trace in anything that level can get', async () => {
  await fc.assert(
    fc.asyncProperty(script(40), readers, (steps, reader) =>
      compare(
        steps,
        reader,
        (given, stream) =>
          !onceSeen(given.view, given.reader).has(stream) &&
          !shownByClock(given.log, stream) &&
          !isSeen(given.view, given.reader, stream),
      ),
    ),
    { numRuns: 10 },
  );
});

// What was once visible is told of as removed to those who continue from then, and counts in SEQUENCE for ever.
const PAST = /^(changes$|changes after|entry )/;

it('what is hidden now leaves no trace in anything that does not continue from when it was visible', async () => {
  await fc.assert(
    fc.asyncProperty(script(40), readers, (steps, reader) =>
      compare(
        steps,
        reader,
        ({ view, reader: by }, stream) => !isSeen(view, by, stream),
        (question) => !PAST.test(question),
      ),
    ),
    { numRuns: 10 },
  );
});

it('when embargoes end, every answer is as after the events that say so', async () => {
  await fc.assert(
    fc.asyncProperty(script(30), fc.constantFrom(...LEVELS), async (steps, level) => {
      const world = await World.open();
      try {
        const play = await new Play(world).run(steps, true);
        // All embargoes end within 20 hours: after everything that is recorded.
        world.at(21 * 3_600_000);
        const entries = [...play.meetings, ...play.reports];
        const events = (await world.log()).map(({ id }) => id);
        // Without an event a release has no place among changes yet.
        const answers = () =>
          except(
            /^changes/,
            everything(world.view, world.reader(level), { entries, events, words: WORDS }),
          );
        const before = answers();
        await play.releaseDue();
        expect(answers()).toEqual(before);
      } finally {
        await world.close();
      }
    }),
    { numRuns: 12 },
  );
});
