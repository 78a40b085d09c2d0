/** How a feed shows what calendars have no word for. */
export interface EntryOptions {
  /** Cancelled, not held, withdrawn, merged: by STATUS, by the title only, or not at all. */
  readonly cancelled: 'status' | 'label' | 'hide';
  /** STATUS of a postponed one, and of one whose date is open again. */
  readonly postponed: 'cancelled' | 'tentative';
  /** A coarse date: all-day over the span (≤ 31 days), one marker on its first day, or left out. */
  readonly approx: 'span' | 'marker' | 'omit';
}

export interface FeedOptions extends EntryOptions {
  /** Days for which a passed entry stays. */
  readonly past: number | 'all';
}

export const DEFAULT_OPTIONS: FeedOptions = {
  cancelled: 'status',
  postponed: 'cancelled',
  approx: 'span',
  past: 365,
};

/** Days that a coarse date may span and still be shown whole. */
export const MAX_SPAN_DAYS = 31;

/** The part of the options that an entry's bytes depend on, as a key. */
export const entryKey = (options: EntryOptions): string =>
  `${options.cancelled}/${options.postponed}/${options.approx}`;
