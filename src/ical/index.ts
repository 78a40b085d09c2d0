/** Rows as iCalendar text (RFC 5545, RFC 7986): pure, no clock, no I/O. */
export type { FeedRequest } from './body.ts';
export { type CalendarHead, renderSingle, type SingleEntry } from './calendar.ts';
export type { Feed, FeedTools } from './composed-feed.ts';
export { type Addresses, type RenderedEntry, renderEntry } from './entry.ts';
export { type ComposerOptions, FeedComposer, MAX_KEPT_BYTES } from './feed.ts';
export { type FeedFilter, filterOf, filterQuery } from './filter.ts';
export { type Encoding, KeptBytes } from './kept-bytes.ts';
export { type Finding, lint } from './lint.ts';
export type { Notice } from './notice.ts';
export {
  DEFAULT_OPTIONS,
  type EntryOptions,
  entryKey,
  type FeedOptions,
} from './options.ts';
export type { EntrySource, Kept, RowChange } from './shelf.ts';
export { uri } from './text.ts';
export { zoneBlock } from './zones.ts';
