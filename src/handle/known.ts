import type { DateOrInstant, When } from '../../events/values.ts';
import * as announcement from '../domain/announcement/index.ts';
import { instantMs, isoInstant, utcDay } from '../domain/date/index.ts';
import * as meeting from '../domain/meeting/index.ts';
import { latestStated, type StatedFact, settersOf } from '../domain/stated.ts';
import {
  type Access,
  embargoedLevel,
  isVisible,
  LEVELS,
  type Level,
} from '../domain/visibility.ts';
import { accessOf, type Loaded } from './stream.ts';

/** An entry after one of its events: who may see it, and its date. */
interface Moment {
  readonly access: Access | undefined;
  /** Undefined also of announcements, whose date does not move. */
  readonly when: When | undefined;
}

function momentsOf(loaded: Loaded): readonly Moment[] {
  if (loaded.kind === 'meeting') {
    return statesOf(loaded.events, meeting.initialState, meeting.evolve).map((state) => {
      if (state.status === 'none') return { access: undefined, when: undefined };
      const live = meeting.liveOf(state);
      return { access: live.details, when: meeting.whenOf(live) };
    });
  }
  const { initialState, evolve } = announcement;
  return statesOf(loaded.events, initialState, evolve).map((state) => ({
    access: state.status === 'none' ? undefined : state.facts,
    when: undefined,
  }));
}

/** The state after each event. */
function statesOf<S, E>(
  events: readonly E[],
  initial: S,
  evolve: (state: S, event: E) => S,
): readonly S[] {
  let state = initial;
  return events.map((event) => {
    state = evolve(state, event);
    return state;
  });
}

/**
 * What a writer may know of an entry. It begins, for each level, with the event since which that level has seen it:
 * neither an answer nor what is recorded because of one may tell of what was before.
 */
export class Known {
  readonly #loaded: Loaded;
  readonly #moments: readonly Moment[];

  constructor(loaded: Loaded) {
    this.#loaded = loaded;
    this.#moments = momentsOf(loaded);
  }

  /** Whether the last date of a meeting without one was given up before the level saw it. */
  isLastDateHidden(level: Level): boolean {
    const hidden = this.#hiddenFrom(level);
    return hidden > 0 && this.#moments.slice(hidden).every(({ when }) => when === undefined);
  }

  /** What was stated, as the level knows it: the entry begins on the day of its release, by when all before was said. */
  history(history: readonly StatedFact[], level: Level): readonly StatedFact[] {
    const hidden = this.#hiddenFrom(level);
    return hidden === 0 ? history : begunAt(this.#releasedBy(history, hidden), history, hidden);
  }

  /**
   * What was stated, as everybody knows it who sees the entry: what a default goes by, which they all are shown. The
   * released state counts as stated when its date was; where the fields were set later than that, on its release.
   */
  sharedHistory(
    history: readonly StatedFact[],
    fields: readonly string[],
    nowMs: number,
  ): readonly StatedFact[] {
    const access = accessOf(this.#loaded);
    const lowest = LEVELS.find((level) => access !== undefined && isVisible(level, access, nowMs));
    const hidden = lowest === undefined ? 0 : this.#hiddenFrom(lowest);
    if (hidden === 0) return history;
    const dated = this.#dateStatedAt(hidden);
    const setters = settersOf(fields, history.slice(0, hidden));
    const isKnown = setters.every(({ statedAt }) => utcDay(statedAt) <= utcDay(dated));
    return begunAt(isKnown ? dated : this.#releasedBy(history, hidden), history, hidden);
  }

  /** How many events come before the one since which the level sees the entry; all, when only the clock shows it. */
  #hiddenFrom(level: Level): number {
    const seen = ({ access }: Moment): boolean =>
      access !== undefined && level >= embargoedLevel(access.classification, access.embargoUntil);
    return this.#moments.findLastIndex((moment) => !seen(moment)) + 1;
  }

  /** When it was released. A date may have been stated that had only begun east of Greenwich: then that. */
  #releasedBy(history: readonly StatedFact[], hidden: number): DateOrInstant {
    const { embargoUntil } = accessOf(this.#loaded) ?? {};
    const last = this.#loaded.last?.meta.recordedAt ?? '';
    const at =
      this.#loaded.events[hidden]?.meta.recordedAt ??
      isoInstant(Math.max(instantMs(embargoUntil ?? last), instantMs(last)));
    const before = history.slice(0, hidden).map(({ statedAt }) => statedAt);
    return latestStated([at, ...before]) ?? at;
  }

  /** When what is said of the date was stated, with the event after the hidden ones; else the first event. */
  #dateStatedAt(hidden: number): DateOrInstant {
    const set = this.#moments
      .slice(0, hidden + 1)
      .findLastIndex(({ when }, i) => i === 0 || when !== this.#moments[i - 1]?.when);
    return this.#loaded.events[set]?.meta.statedAt ?? '';
  }
}

const begunAt = (
  statedAt: DateOrInstant,
  history: readonly StatedFact[],
  hidden: number,
): readonly StatedFact[] => [{ statedAt, fields: [] }, ...history.slice(hidden)];
