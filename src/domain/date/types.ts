/** How exactly a date is known. Only `time` has instants; below it no start instant exists anywhere. */
export type Precision =
  | 'time'
  | 'day'
  | 'days'
  | 'month'
  | 'quarter'
  | 'season'
  | 'half'
  | 'year'
  | 'interval';

export type Extent = 'throughout' | 'within';

interface Resolved {
  /** The resolved zone: the date's own, else the place's, else UTC. */
  readonly timezone: string;
  readonly phrase?: string;
  readonly anchor?: string;
  /** First and last local date that it can be, inclusive; null at an open end. */
  readonly earliest: string | null;
  readonly latest: string | null;
  /** English words that say exactly what is known: "August 2022", "21–25 March 2022". */
  readonly display: string;
}

/** A wall time with its instants (RFC 3339 UTC, milliseconds left out when zero). */
export interface ResolvedTime extends Resolved {
  readonly start: string;
  readonly end?: string;
  readonly precision: 'time';
  readonly earliest: string;
  readonly latest: string;
  readonly startsAt: string;
  readonly endsAt: string | null;
}

/** A day or anything coarser. */
export interface ResolvedSpan extends Resolved {
  readonly edtf: string;
  readonly extent: Extent;
  readonly precision: Exclude<Precision, 'time'>;
}

/** A date as the API shows it. */
export type ResolvedWhen = ResolvedTime | ResolvedSpan;
