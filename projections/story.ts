import type { KeptEvent } from './journal.ts';
import type { Slip } from './slips.ts';
import { type Course, type Mark, markAfter } from './times.ts';

/** How a kind of entry is folded, and what of it is gathered for its rows. */
export interface Plot<E extends KeptEvent, F, P> extends Course<E, F> {
  /** What the event adds to what the entry is found by; undefined: nothing. */
  parts(before: F | undefined, after: F): P | undefined;
  /** Bits of what the entry is: those of all its events are one column. */
  ever(facts: F): number;
  /** A date that slipped. */
  slip(event: E, before: F | undefined, after: F): Slip | undefined;
}

/** An entry as one of its events left it. */
export interface Told<F> {
  readonly facts: F;
  readonly mark: Mark;
}

/** What one event adds to a story. */
export interface Step<F, P> extends Told<F> {
  readonly parts: P | undefined;
  readonly ever: number;
  readonly slip: Slip | undefined;
}

/**
 * What an entry's rows are made of, gathered from its events one after the other: the facts as the last one left
 * them, and of each only what rows still need, so that an entry in memory weighs little.
 */
export interface Story<F, P> extends Pick<Step<F, P>, 'facts' | 'ever'> {
  readonly marks: readonly Mark[];
  /** What it was ever found by. */
  readonly parts: readonly P[];
  readonly slips: readonly Slip[];
}

/** Facts and mark after one more event. Throws what folding it throws. */
export function tellNext<E extends KeptEvent, F, P>(
  story: Story<F, P> | undefined,
  event: E,
  plot: Plot<E, F, P>,
): Told<F> {
  const mark = story?.marks.at(-1);
  return markAfter(story && mark && { facts: story.facts, mark }, event, plot);
}

/** All that the event adds. */
export function stepOf<E extends KeptEvent, F, P>(
  story: Story<F, P> | undefined,
  event: E,
  told: Told<F>,
  plot: Plot<E, F, P>,
): Step<F, P> {
  const { facts } = told;
  return {
    ...told,
    parts: plot.parts(story?.facts, facts),
    ever: plot.ever(facts),
    slip: plot.slip(event, story?.facts, facts),
  };
}

/** The story with one more event. Its lists grow in place: nobody keeps the story from before. */
export function storyAfter<F, P>(
  story: Story<F, P> | undefined,
  { facts, mark, parts, ever, slip }: Step<F, P>,
): Story<F, P> {
  return {
    facts,
    ever: (story?.ever ?? 0) | ever,
    marks: withOne(story?.marks, mark),
    parts: withOne(story?.parts, parts),
    slips: withOne(story?.slips, slip),
  };
}

/** `list`, grown by an item if there is one. A list that begins with its item takes no more room than that. */
export function withOne<T>(list: readonly T[] | undefined, item: T | undefined): readonly T[] {
  if (item === undefined) return list ?? NONE;
  if (list === undefined || list.length === 0) return [item];
  (list as T[]).push(item);
  return list;
}

const NONE: readonly never[] = [];

/** The story of events; undefined when there are none but ignored ones. */
export function storyOf<E extends KeptEvent, F, P>(
  events: readonly E[],
  plot: Plot<E, F, P>,
): Story<F, P> | undefined {
  let story: Story<F, P> | undefined;
  for (const event of events) {
    if (event.ignored === true) continue;
    story = storyAfter(story, stepOf(story, event, tellNext(story, event, plot), plot));
  }
  return story;
}
