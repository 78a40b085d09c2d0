import type { MeetingStatus } from '../../../events/values.ts';
import {
  type ChangeView,
  type MeetingFilters,
  type Page,
  type Reader,
  type Sort,
  UnknownCursor,
} from '../../../projections/types.ts';
import type { View } from './view.ts';

export interface Asked {
  /** Ids of meetings and announcements, and of events: also such as the reader must not know. */
  readonly entries: readonly string[];
  readonly events: readonly string[];
  readonly words: readonly string[];
}

const SORTS: readonly Sort[] = ['latest', '-latest', 'recordedAt', '-recordedAt'];
const STATUSES: readonly MeetingStatus[] = [
  ...(['proposed', 'announced', 'confirmed', 'postponed', 'held'] as const),
  ...(['not-held', 'cancelled', 'merged', 'withdrawn'] as const),
];

/**
 * Everything that one reader can get from a view by reads of every kind, as the JSON they get: question → answer.
 * Pages are short, so that what leads on is part of it.
 */
export function everything(view: View, reader: Reader, asked: Asked): Record<string, string> {
  const answers = new Map<string, string>();
  const put = (question: string, answer: unknown) =>
    answers.set(question, JSON.stringify(answer) ?? 'undefined');
  const { queries } = view;
  // Until when an answer may be kept stays on this side: an embargo to come must count in it.
  put('boundary', queries.boundary(reader, reader.clockMs).nowMs);
  for (const name of ['parties', 'tracks', 'topics', 'places'] as const) {
    put(name, queries[name](reader));
  }
  putLists(view, reader, asked, put);
  for (const id of asked.entries) putEntry(view, reader, id, put);
  putChanges(view, reader, asked, put);
  return Object.fromEntries(answers);
}

type Put = (question: string, answer: unknown) => void;

function putLists({ queries }: View, reader: Reader, { words }: Asked, put: Put): void {
  const nowMs = reader.clockMs;
  const pages = (filters: MeetingFilters, sort: Sort, side?: 'upcoming' | 'past') =>
    all((cursor) =>
      queries.listMeetings({
        ...{ reader, nowMs, filters, sort, limit: 4 },
        ...(side === undefined ? {} : { side }),
        ...cursor,
      }),
    );
  for (const sort of SORTS) {
    for (const side of [undefined, 'upcoming', 'past'] as const) {
      put(`meetings ${sort} ${side}`, pages({}, sort, side));
    }
    put(`meetings ${sort} of any status`, pages({ status: STATUSES }, sort));
    put(
      `announcements ${sort}`,
      all((cursor) =>
        queries.listAnnouncements({ reader, nowMs, filters: {}, sort, limit: 4, ...cursor }),
      ),
    );
  }
  for (const word of words) {
    put(`meetings with ${word}`, pages({ q: [word], status: STATUSES }, 'latest'));
    const filters = { q: [word] };
    put(
      `announcements with ${word}`,
      queries.listAnnouncements({ reader, nowMs, filters, limit: 500 }),
    );
  }
}

function putEntry({ queries, entries }: View, reader: Reader, id: string, put: Put): void {
  put(`meeting ${id}`, queries.getMeeting(reader, id));
  put(`announcement ${id}`, queries.getAnnouncement(reader, id));
  put(`entry ${id}`, withoutVersion(entries.one(reader, id)));
  for (const history of ['meetingHistory', 'announcementHistory'] as const) {
    if (queries[history](reader, id, { limit: 1 }) === undefined) continue;
    const page = (cursor: object) => queries[history](reader, id, { limit: 2, ...cursor });
    put(
      `${history} ${id}`,
      all((cursor) => page(cursor) as Page<ChangeView>),
    );
  }
  const filters = { meeting: [id] };
  put(`changes of ${id}`, queries.listChanges({ reader, filters, limit: 500 }));
  const request = { reader, nowMs: reader.clockMs, filters, limit: 500 };
  put(`announcements of ${id}`, queries.listAnnouncements(request));
}

// The version is a view's own: it never leaves it.
const withoutVersion = (row: object | undefined) => row && { ...row, version: undefined };

function putChanges({ queries }: View, reader: Reader, { events, words }: Asked, put: Put): void {
  const pages: unknown[] = [];
  for (let after: string | null = null, done = false; !done; ) {
    const from = after === null ? {} : { after };
    const page = queries.listChanges({ reader, filters: {}, limit: 3, ...from });
    pages.push(page);
    done = page.items.length === 0;
    after = page.cursor;
  }
  put('changes', pages);
  for (const event of events) put(`changes after ${event}`, changesAfter(queries, reader, event));
  for (const word of words) {
    const filters = { q: [word] };
    put(`changes with ${word}`, queries.listChanges({ reader, filters, limit: 500 }));
  }
}

function changesAfter(queries: View['queries'], reader: Reader, after: string): unknown {
  try {
    return queries.listChanges({ reader, filters: {}, limit: 500, after });
  } catch (error) {
    if (error instanceof UnknownCursor) return 'unknown';
    throw error;
  }
}

function all<T>(read: (cursor: { cursor?: string }) => Page<T>): Page<T>[] {
  const pages = [read({})];
  for (let next = pages[0]?.next; typeof next === 'string'; ) {
    const page = read({ cursor: next });
    pages.push(page);
    next = page.next;
  }
  return pages;
}

/** The answers to other questions. */
export const except = (
  left: RegExp,
  answers: Readonly<Record<string, string>>,
): Record<string, string> =>
  Object.fromEntries(Object.entries(answers).filter(([question]) => !left.test(question)));
