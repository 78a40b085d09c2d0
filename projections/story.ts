import type { Found } from './description.ts';
import type { KeptEvent } from './journal.ts';
import type { Slip } from './slips.ts';
import { type Course, type Mark, markAfter } from './times.ts';

/** How a kind of entry is folded, and what of it is gathered for its rows. */
export interface Plot<E extends KeptEvent, F> extends Course<E, F> {
  found(before: F | undefined, after: F): Found;
  slip(event: E, before: F | undefined, after: F): Slip | undefined;
}

/** What one event adds to a story. */
export interface Step<F> {
  readonly facts: F;
  readonly mark: Mark;
  readonly found: Found;
  readonly slip: Slip | undefined;
}

/**
 * What an entry's rows are made of, gathered from its events one after the other: the facts as the last one left
 * them, and of each only what rows still need, so that an entry in memory weighs little.
 */
export class Story<E extends KeptEvent, F> {
  readonly plot: Plot<E, F>;
  readonly marks: Mark[] = [];
  readonly slips: Slip[] = [];
  readonly #words = new Set<string>();
  readonly #tokens = new Set<string>();
  #facts: F | undefined;
  #ever = 0;

  constructor(plot: Plot<E, F>) {
    this.plot = plot;
  }

  /** Of an entry's events, those left out that were ignored. */
  static of<E extends KeptEvent, F>(events: readonly E[], plot: Plot<E, F>): Story<E, F> {
    const story = new Story(plot);
    for (const event of events) if (event.ignored !== true) story.add(story.next(event));
    return story;
  }

  /** After the last event; undefined before the first. */
  get facts(): F | undefined {
    return this.#facts;
  }

  /** The bits of what it ever was: see everMask. */
  get ever(): number {
    return this.#ever;
  }

  /** The line of the full text: each folded word and each token once. No word is a token. */
  get words(): string {
    return [...this.#words, ...this.#tokens].join(' ');
  }

  /** What one more event adds. Throws what folding it throws; the story is as it was. */
  next(event: E): Step<F> {
    const [facts, mark] = [this.#facts, this.marks.at(-1)];
    const last = facts === undefined || mark === undefined ? undefined : { facts, mark };
    const after = markAfter(last, event, this.plot);
    return {
      ...after,
      found: this.plot.found(facts, after.facts),
      slip: this.plot.slip(event, facts, after.facts),
    };
  }

  add({ facts, mark, found, slip }: Step<F>): void {
    this.#facts = facts;
    this.marks.push(mark);
    for (const word of found.words) this.#words.add(word);
    for (const token of found.tokens) this.#tokens.add(token);
    this.#ever |= found.ever;
    if (slip !== undefined) this.slips.push(slip);
  }
}
