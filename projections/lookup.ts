import type { AnnouncementRow } from './announcement-record.ts';
import type { EntityKind } from './changes.ts';
import type { MeetingRow } from './meeting-record.ts';
import { isPresent } from './past.ts';
import type { Statements } from './statements.ts';
import type { Tellings } from './tellings.ts';
import type { Past, Reader, ReleaseId, Source } from './types.ts';
import type { ViewValue } from './view-database.ts';
import {
  type VisibleAnnouncement,
  type VisibleMeeting,
  visibleAnnouncement,
  visibleMeeting,
} from './visible.ts';

/** What queries over one open view share. */
export interface QueryContext {
  readonly statements: Statements;
  readonly tellings: Tellings;
  readonly releaseId: ReleaseId;
  /** The seq of an event of a feed or token, which the view passed over; undefined: of none that the reader knows. */
  readonly skippedSeq: (event: string, reader: Reader) => number | undefined;
}

const SELECT: Readonly<Record<EntityKind, Readonly<Record<'id' | 'n', string>>>> = {
  meeting: {
    id: 'SELECT record FROM meetings WHERE id = ?',
    n: 'SELECT record FROM meetings WHERE n = ?',
  },
  announcement: {
    id: 'SELECT record FROM announcements WHERE id = ?',
    n: 'SELECT record FROM announcements WHERE n = ?',
  },
};

/** Single entries as one reader sees them; remembers what it looked up, so use one for each request. */
export class Lookup {
  readonly reader: Reader;
  readonly past: Past;
  readonly #context: QueryContext;
  readonly #meetings = new Map<ViewValue, VisibleMeeting | undefined>();
  readonly #announcements = new Map<ViewValue, VisibleAnnouncement | undefined>();
  readonly #sources = new Map<string, Source | undefined>();

  constructor(context: QueryContext, reader: Reader, past: Past = {}) {
    this.#context = context;
    this.reader = reader;
    this.past = past;
  }

  /** By id, or by row number; gone ones included; undefined when missing or hidden alike. */
  meeting(key: string | number): VisibleMeeting | undefined {
    if (!this.#meetings.has(key)) {
      const row = this.row<MeetingRow>('meeting', key);
      this.#meetings.set(key, row && this.seen(row));
    }
    return this.#meetings.get(key);
  }

  announcement(key: string | number): VisibleAnnouncement | undefined {
    if (!this.#announcements.has(key)) {
      const row = this.row<AnnouncementRow>('announcement', key);
      this.#announcements.set(key, row && this.seenAnnouncement(row));
    }
    return this.#announcements.get(key);
  }

  /** The row, whoever may see it. */
  row<R extends MeetingRow | AnnouncementRow>(kind: EntityKind, key: string | number) {
    const sql = SELECT[kind][typeof key === 'number' ? 'n' : 'id'];
    const row = this.#context.statements.of(sql).get(key);
    return row && (JSON.parse(row.record as string) as R);
  }

  seen(row: MeetingRow): VisibleMeeting | undefined {
    return visibleMeeting(row, this.reader, this.#context.tellings, this.past);
  }

  /** As those see it today who have no token. */
  asAnyone(row: MeetingRow): VisibleMeeting | undefined {
    const anyone = { ...this.reader, level: 0 } as const;
    return visibleMeeting(row, anyone, this.#context.tellings, {});
  }

  seenAnnouncement(row: AnnouncementRow): VisibleAnnouncement | undefined {
    return visibleAnnouncement(row, this.reader, this.#context.tellings, this.past);
  }

  /** The stream's, or that of the last event which the past had. */
  revisionOf({ row, told }: VisibleMeeting | VisibleAnnouncement): number {
    if (isPresent(this.past)) return row.revision;
    return Math.max(...told.steps.map(({ event }) => event.revision));
  }

  /** The visible sources among cited announcements, in the order cited. */
  sources(cites: readonly string[]): Source[] {
    return cites.map((cite) => this.#source(cite)).filter((source) => source !== undefined);
  }

  #source(id: string): Source | undefined {
    if (!this.#sources.has(id)) {
      const visible = this.announcement(id);
      this.#sources.set(id, visible && sourceOf(visible));
    }
    return this.#sources.get(id);
  }

  /**
   * Follows merges to the meeting that stands for this one; undefined when the chain leaves the reader's sight, or
   * comes back: of another day it can, since what two streams recorded is only ordered in the log.
   */
  survivor(id: string): VisibleMeeting | undefined {
    const passed = new Set<string>();
    for (let next = id; !passed.has(next); ) {
      passed.add(next);
      const found = this.meeting(next);
      const state = found?.told.facts.state;
      if (state?.status !== 'merged') return found;
      next = state.into;
    }
    return undefined;
  }

  /** Where a merged meeting points, when the survivor is visible and not itself gone; else null. */
  pointer({ told }: VisibleMeeting): string | null {
    const { state } = told.facts;
    if (state.status !== 'merged') return null;
    const status = this.meeting(state.into)?.told.facts.state.status;
    return status === undefined || status === 'merged' || status === 'withdrawn'
      ? null
      : state.into;
  }
}

export function sourceOf({ row, told }: VisibleAnnouncement): Source {
  const { state, retractedAt } = told.facts;
  const { facts } = state;
  const source = {
    announcement: row.id,
    outlet: facts.outlet,
    url: facts.url ?? null,
    publishedAt: facts.publishedAt.value,
  };
  if (state.status !== 'retracted') return source;
  return {
    ...source,
    retracted: { reason: state.reason, recordedAt: retractedAt ?? row.lastRecordedAt },
  };
}
