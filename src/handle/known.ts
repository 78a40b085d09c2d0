import type { DateOrInstant } from '../../events/values.ts';
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

/**
 * An entry begins, for each level, with the event since which that level has seen it: neither an answer nor what is
 * recorded because of one may tell of what was before.
 */

function accessesOf(loaded: Loaded): (Access | undefined)[] {
  if (loaded.kind === 'meeting') {
    return statesOf(loaded.events, meeting.initialState, meeting.evolve).map((state) =>
      state.status === 'none' ? undefined : meeting.liveOf(state).details,
    );
  }
  const { initialState, evolve } = announcement;
  return statesOf(loaded.events, initialState, evolve).map((state) =>
    state.status === 'none' ? undefined : state.facts,
  );
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

/** How many events come before the one since which the level sees the entry; all, when only the clock shows it. */
export function hiddenEvents(loaded: Loaded, level: Level): number {
  const seen = (access: Access | undefined): boolean =>
    access !== undefined && level >= embargoedLevel(access.classification, access.embargoUntil);
  return accessesOf(loaded).findLastIndex((access) => !seen(access)) + 1;
}

/** Whether the last date of a meeting without one was given up before the level saw it. */
export function isLastDateHidden(loaded: Loaded, level: Level): boolean {
  if (loaded.kind !== 'meeting') return false;
  const hidden = hiddenEvents(loaded, level);
  const seen = statesOf(loaded.events, meeting.initialState, meeting.evolve).slice(hidden);
  const dated = seen.some(
    (state) => state.status !== 'none' && meeting.whenOf(meeting.liveOf(state)) !== undefined,
  );
  return hidden > 0 && !dated;
}

/** What was stated, as the level knows it: the entry begins on the day of its release, by when all before was said. */
export function knownHistory(
  loaded: Loaded,
  history: readonly StatedFact[],
  level: Level,
): readonly StatedFact[] {
  const hidden = hiddenEvents(loaded, level);
  return hidden === 0 ? history : begunAt(releasedBy(loaded, history, hidden), history, hidden);
}

/**
 * What was stated, as everybody knows it who sees the entry: what a default goes by, which they all are shown. The
 * released state counts as stated when its date was; where the fields were set later than that, on its release.
 */
export function sharedHistory(
  loaded: Loaded,
  history: readonly StatedFact[],
  fields: readonly string[],
  nowMs: number,
): readonly StatedFact[] {
  const access = accessOf(loaded);
  const lowest = LEVELS.find((level) => access !== undefined && isVisible(level, access, nowMs));
  const hidden = lowest === undefined ? 0 : hiddenEvents(loaded, lowest);
  if (hidden === 0) return history;
  const dated = dateStatedAt(loaded, hidden) ?? '';
  const setters = settersOf(fields, history.slice(0, hidden));
  const isKnown = setters.every(({ statedAt }) => utcDay(statedAt) <= utcDay(dated));
  return begunAt(isKnown ? dated : releasedBy(loaded, history, hidden), history, hidden);
}

const begunAt = (
  statedAt: DateOrInstant,
  history: readonly StatedFact[],
  hidden: number,
): readonly StatedFact[] => [{ statedAt, fields: [] }, ...history.slice(hidden)];

/** When it was released. A date may have been stated that had only begun east of Greenwich: then that. */
function releasedBy(loaded: Loaded, history: readonly StatedFact[], hidden: number): DateOrInstant {
  const { embargoUntil } = accessOf(loaded) ?? {};
  const last = loaded.last?.meta.recordedAt ?? '';
  const at =
    loaded.events[hidden]?.meta.recordedAt ??
    isoInstant(Math.max(instantMs(embargoUntil ?? last), instantMs(last)));
  const before = history.slice(0, hidden).map(({ statedAt }) => statedAt);
  return latestStated([at, ...before]) ?? at;
}

/** When what is said of the date was stated, with the event after the hidden ones; of an announcement, the first. */
function dateStatedAt(loaded: Loaded, hidden: number): DateOrInstant | undefined {
  const [first] = loaded.events;
  if (loaded.kind !== 'meeting') return first?.meta.statedAt;
  const states = statesOf(loaded.events, meeting.initialState, meeting.evolve);
  const dates = states.map((state) =>
    state.status === 'none' ? undefined : meeting.whenOf(meeting.liveOf(state)),
  );
  const set = dates
    .slice(0, hidden + 1)
    .findLastIndex((date, i) => i === 0 || date !== dates[i - 1]);
  return loaded.events[set]?.meta.statedAt;
}
