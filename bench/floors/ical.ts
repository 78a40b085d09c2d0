import ical, { ICalCalendarMethod, type ICalEventData, ICalEventStatus } from 'ical-generator';
import type { EntryRow } from '../../projections/entry.ts';
import type { ResolvedWhen } from '../../src/domain/date/index.ts';
import { DEFAULT_OPTIONS } from '../../src/ical/index.ts';
import { standingOf } from '../../src/ical/standing.ts';
import { descriptionWords, placeWords, titleWords } from '../../src/ical/words.ts';

const DAY_MS = 86_400_000;

/** An entry as ical-generator takes it, its words already written; undefined when a feed does not show it. */
export function eventOf(row: EntryRow): ICalEventData | undefined {
  const standing = standingOf(row, DEFAULT_OPTIONS);
  if (standing === null) return undefined;
  const off = ['cancelled', 'not-held', 'postponed'].includes(row.status);
  return {
    ...timesOf(standing.when),
    id: row.uid,
    sequence: row.sequence,
    stamp: new Date(row.stamp),
    lastModified: new Date(row.stamp),
    created: new Date(row.created),
    summary: titleWords(row, standing),
    description: descriptionWords(row, standing, null),
    location: placeWords(row.place),
    status: off ? ICalEventStatus.CANCELLED : ICalEventStatus.TENTATIVE,
    categories: [...row.topics, row.form].map((name) => ({ name })),
    url: `https://calendar.example.org/meetings/${row.id}`,
  };
}

function timesOf(when: ResolvedWhen): Pick<ICalEventData, 'start' | 'end' | 'allDay'> {
  if (when.precision === 'time') {
    const start = new Date(when.startsAt);
    return { start, end: when.endsAt === null ? start : new Date(when.endsAt) };
  }
  const [first, last] = [when.earliest, when.latest].map((day) => Date.parse(`${day}T00:00:00Z`));
  return {
    start: new Date(first ?? 0),
    end: new Date((last ?? 0) + DAY_MS),
    allDay: true,
  };
}

/** F3: the plain way to a feed's text. */
export const renderPlain = (events: readonly ICalEventData[]): string =>
  ical({ name: 'Chancery', method: ICalCalendarMethod.PUBLISH, events: [...events] }).toString();
