import type { KeptEvent } from './journal.ts';
import type { Slip } from './slips.ts';
import { type Course, type Mark, markAfter } from './times.ts';

/** How a kind of entry is folded, and what of it is gathered for its rows. */
export interface Plot<E extends KeptEvent, F, P> extends Course<E, F> {
  /** What the event adds to what the entry is found by; undefined: nothing. */
  parts(before: F | undefined, after: F): P | undefined;
  /** Bits of what the entry is, if it was something else before: those of all its events are one column. */
  ever(before: F | undefined, after: F): number;
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
 * them, and of each only what rows still need, so that an entry in memory weighs little. Grows in place.
 */
export interface Story<F, P> {
  facts: F;
  ever: number;
  readonly marks: Mark[];
  /** What it was ever found by. */
  readonly parts: P[];
  readonly slips: Slip[];
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
  const { facts, mark } = told;
  const before = story?.facts;
  return {
    facts,
    mark,
    parts: plot.parts(before, facts),
    ever: plot.ever(before, facts),
    slip: plot.slip(event, before, facts),
  };
}

/** The story with one more event. */
export function storyAfter<F, P>(
  story: Story<F, P> | undefined,
  { facts, mark, parts, ever, slip }: Step<F, P>,
): Story<F, P> {
  if (story === undefined) {
    return { facts, ever, marks: [mark], parts: listOf(parts), slips: listOf(slip) };
  }
  story.facts = facts;
  story.ever |= ever;
  story.marks.push(mark);
  if (parts !== undefined) story.parts.push(parts);
  if (slip !== undefined) story.slips.push(slip);
  return story;
}

const listOf = <T>(item: T | undefined): T[] => (item === undefined ? [] : [item]);

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
