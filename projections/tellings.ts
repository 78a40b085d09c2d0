import type { AnnouncementEvent } from '../events/announcement.ts';
import type { MeetingEvent } from '../events/meeting.ts';
import { instantMs } from '../src/domain/date/index.ts';
import type { AnnouncementRow } from './announcement-record.ts';
import {
  type AnnouncementTelling,
  announcementFactsAfter,
  tellAnnouncement,
} from './announcement-telling.ts';
import { JOURNAL_SELECT, type KeptEvent, readJournal } from './journal.ts';
import { type DueRelease, releaseEvent } from './levels.ts';
import { factsAfter } from './meeting-facts.ts';
import type { MeetingRow } from './meeting-record.ts';
import { type MeetingTelling, tellMeeting } from './meeting-telling.ts';
import { eventsAsOf } from './past.ts';
import type { Statements } from './statements.ts';
import type { Past } from './types.ts';

/** What of an entry is asked for. */
export interface Asked {
  /** Seq of the event since which the level has seen it. */
  readonly since: number;
  /** A release that the clock has brought. */
  readonly due: DueRelease | undefined;
  readonly past: Past;
}

interface Entry {
  readonly length: number;
  readonly events: readonly KeptEvent<unknown>[];
  /** When each event was recorded, in epoch ms; worked out when another day is asked for. */
  recordedMs: readonly number[] | undefined;
  readonly told: Map<string, unknown>;
}

/** Events that stay in memory between requests: some 25 MB, with what they told. */
const MAX_EVENTS = 20_000;
/** Ways of telling one entry that stay: levels, releases, other days. */
const MAX_TOLD = 16;

/** Tells entries from their journal, and remembers what is asked for again. */
export class Tellings {
  readonly #statements: Statements;
  readonly #maxEvents: number;
  // Map order is age: set again, it is the youngest.
  readonly #entries = new Map<number, Entry>();
  #size = 0;

  /** `maxEvents`: how many events to remember. */
  constructor(statements: Statements, maxEvents = MAX_EVENTS) {
    this.#statements = statements;
    this.#maxEvents = maxEvents;
  }

  /** All events of an entry. */
  events<E>(row: { readonly n: number; readonly length: number }): readonly KeptEvent<E>[] {
    return this.#entry(row).events as readonly KeptEvent<E>[];
  }

  /** Undefined when there was nothing to tell by then. */
  meeting(row: MeetingRow, asked: Asked): MeetingTelling | undefined {
    return this.#tell(row, asked, () => {
      const events = withRelease(this.events<MeetingEvent>(row), 'MeetingReleased', row, asked.due);
      const qualifying = eventsAsOf(events, asked.since, asked.past, meetingStatedFrom);
      return qualifying && tellMeeting(qualifying, asked.since);
    });
  }

  /** As meeting. */
  announcement(row: AnnouncementRow, asked: Asked): AnnouncementTelling | undefined {
    return this.#tell(row, asked, () => {
      const kept = this.events<AnnouncementEvent>(row);
      const events = withRelease(kept, 'AnnouncementReleased', row, asked.due);
      const qualifying = eventsAsOf(events, asked.since, asked.past, announcementStatedFrom);
      return qualifying && tellAnnouncement(qualifying, asked.since);
    });
  }

  #tell<T>(
    row: { readonly n: number; readonly length: number },
    { since, due, past }: Asked,
    tell: () => T | undefined,
  ): T | undefined {
    const entry = this.#entry(row);
    const { told } = entry;
    const key = `${since} ${due?.at} ${recordedBy(entry, due, past)} ${past.statedDay}`;
    if (!told.has(key)) {
      if (told.size >= MAX_TOLD) told.clear();
      told.set(key, tell());
    }
    return told.get(key) as T | undefined;
  }

  #entry({ n, length }: { readonly n: number; readonly length: number }): Entry {
    let entry = this.#entries.get(n);
    if (entry?.length !== length) {
      const events = readJournal<unknown>(this.#statements.of(JOURNAL_SELECT), n);
      entry = { length, events, recordedMs: undefined, told: new Map() };
    }
    this.#keep(n, entry);
    return entry;
  }

  #keep(n: number, entry: Entry): void {
    this.#forget(n);
    this.#entries.set(n, entry);
    this.#size += entry.events.length;
    while (this.#size > this.#maxEvents) {
      const oldest = this.#entries.keys().next();
      if (oldest.done === true || oldest.value === n) return;
      this.#forget(oldest.value);
    }
  }

  #forget(n: number): void {
    this.#size -= this.#entries.get(n)?.events.length ?? 0;
    this.#entries.delete(n);
  }
}

/**
 * How many events were recorded by the moment asked for. Moments with the same number have the same events: so
 * every moment since the last event shares what is told of the present, and others what is told of a stretch.
 */
function recordedBy(entry: Entry, due: DueRelease | undefined, { recordedMs }: Past): string {
  if (recordedMs === undefined) return `${entry.events.length} ${due !== undefined}`;
  entry.recordedMs ??= entry.events.map(({ meta }) => instantMs(meta.recordedAt));
  const count = entry.recordedMs.reduce((sum, ms) => sum + Number(ms <= recordedMs), 0);
  return `${count} ${due !== undefined && instantMs(due.at) <= recordedMs}`;
}

function withRelease<E>(
  events: readonly KeptEvent<E>[],
  type: 'MeetingReleased' | 'AnnouncementReleased',
  row: { readonly revision: number },
  due: DueRelease | undefined,
): readonly KeptEvent<E>[] {
  if (due === undefined) return events;
  return [...events, releaseEvent(type, '', row, due) as unknown as KeptEvent<E>];
}

/** A release counts as stated when the meeting's date was; the first event when it was itself. */
function meetingStatedFrom(events: readonly KeptEvent<MeetingEvent>[], index: number): string {
  const facts = events
    .slice(0, index + 1)
    .filter(({ ignored }) => ignored !== true)
    .reduce(factsAfter, undefined as Parameters<typeof factsAfter>[0]);
  return facts?.dateStatedAt ?? '';
}

function announcementStatedFrom(
  events: readonly KeptEvent<AnnouncementEvent>[],
  index: number,
): string {
  const facts = events
    .slice(0, index + 1)
    .reduce(announcementFactsAfter, undefined as Parameters<typeof announcementFactsAfter>[0]);
  return facts?.statedAt ?? '';
}
