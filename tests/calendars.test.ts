import { describe, expect, test } from 'vitest';
import type { EntryQueries } from '../projections/entry-queries.ts';
import { createCalendars } from '../src/calendars.ts';
import { createFeedMaker } from '../src/feed-maker.ts';
import type { FeedAsk } from '../src/http/app.ts';
import { DEFAULT_OPTIONS } from '../src/ical/index.ts';

const NOON = Date.UTC(2021, 10, 22, 12);
const MIDNIGHT = Date.UTC(2021, 10, 23);

const ASK: FeedAsk = { level: 0, name: 'Chancery', options: DEFAULT_OPTIONS, filters: {} };

/** Calendars over no entries, of which it is counted how often they are asked for changes. */
function counted() {
  const at = { version: 1, asked: 0 };
  const entries: EntryQueries = {
    inOneState: (work) => work(),
    changesAfter: () => {
      at.asked += 1;
      return [];
    },
    releasedBetween: () => [],
    one: () => undefined,
  };
  const calendars = createCalendars({
    entries,
    feeds: createFeedMaker({ entries, clock: () => NOON, publicUrl: undefined }),
    version: () => at.version,
    until: (_reader, nowMs) => (nowMs < NOON + 1_000 ? NOON + 1_000 : MIDNIGHT),
    publicUrl: undefined,
  });
  return { at, calendars };
}

describe('the feed of everything', () => {
  test('runs no query while nothing can have changed', async () => {
    const { at, calendars } = counted();
    const first = await calendars.feed(ASK, NOON);
    const asked = at.asked;
    expect(await calendars.feed(ASK, NOON + 999)).toBe(first);
    expect(at.asked).toBe(asked);
  });

  test('is at hand without waiting while nothing can have changed, and only then', async () => {
    const { at, calendars } = counted();
    expect(calendars.unchanged(ASK, NOON)).toBeUndefined();
    const text = await calendars.feed(ASK, NOON);
    expect(calendars.unchanged(ASK, NOON + 999)).toBe(text);
    expect(calendars.unchanged(ASK, NOON + 1_000)).toBeUndefined();
    expect(calendars.unchanged(ASK, NOON - 1)).toBeUndefined();
    at.version = 2;
    expect(calendars.unchanged(ASK, NOON)).toBeUndefined();
  });

  test('looks again when a batch was applied', async () => {
    const { at, calendars } = counted();
    await calendars.feed(ASK, NOON);
    const { asked } = at;
    at.version = 2;
    await calendars.feed(ASK, NOON);
    expect(at.asked).toBeGreaterThan(asked);
  });

  test('looks again when the clock has reached the instant at which it may differ', async () => {
    const { at, calendars } = counted();
    await calendars.feed(ASK, NOON);
    const { asked } = at;
    await calendars.feed(ASK, NOON + 1_000);
    expect(at.asked).toBeGreaterThan(asked);
  });

  test('looks again when the clock was set back', async () => {
    const { at, calendars } = counted();
    await calendars.feed(ASK, NOON + 500);
    const { asked } = at;
    await calendars.feed(ASK, NOON);
    expect(at.asked).toBeGreaterThan(asked);
  });
});
