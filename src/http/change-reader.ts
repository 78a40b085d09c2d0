import type { CalendarQueries, MeetingFilters, Reader } from '../../projections/types.ts';
import { eventText } from './event-stream.ts';

export type ChangeFilters = MeetingFilters & { readonly meeting?: readonly string[] };

/** Some changes in order. */
export interface ChangePage {
  readonly events: readonly { readonly cursor: string; readonly text: string }[];
  /** Where to go on; the same as before when there is nothing more for now. */
  readonly cursor: string;
}

/** Changes read at a time, for one stream. */
const PAGE_SIZE = 100;

/** Reads pages; streams that stand at the same place and see the same share one within a turn. */
export class ChangeReader {
  readonly #queries: CalendarQueries;
  readonly #pages = new Map<string, ChangePage>();

  constructor(queries: CalendarQueries) {
    this.#queries = queries;
  }

  /** @throws {UnknownCursor} */
  page(reader: Reader, filters: ChangeFilters, after: string): ChangePage {
    const key = JSON.stringify([reader.level, reader.editor, filters, after]);
    const kept = this.#pages.get(key);
    if (kept !== undefined) return kept;
    const page = this.#read(reader, filters, after);
    this.#pages.set(key, page);
    return page;
  }

  #read(reader: Reader, filters: ChangeFilters, after: string): ChangePage {
    const request = { reader, filters, limit: PAGE_SIZE, after };
    const { items, cursor } = this.#queries.listChanges(request);
    return {
      events: items.map((item) => ({ cursor: item.cursor, text: eventText(item.cursor, item) })),
      cursor,
    };
  }
}

/**
 * Where a stream begins: after the event given, or after the newest change there is for the caller, or before all.
 * @throws {UnknownCursor} @throws {InvalidFilter}
 */
export function beginning(
  queries: CalendarQueries,
  reader: Reader,
  filters: ChangeFilters,
  after: string | undefined,
): string {
  if (after !== undefined) {
    queries.listChanges({ reader, filters, after, limit: 0 });
    return after;
  }
  // The filters are asked too, so that one that cannot be is refused before the stream begins.
  return queries.listChanges({ reader, filters, limit: 0 }).cursor;
}
