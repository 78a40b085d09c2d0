import { describe, expect, test } from 'vitest';
import type { EntryRow } from '../projections/entry.ts';
import type { EntryQueries } from '../projections/entry-queries.ts';
import { createCalendars } from '../src/calendars.ts';
import { createFeedMaker } from '../src/feed-maker.ts';
import type { FeedAsk } from '../src/http/app.ts';
import { DEFAULT_OPTIONS } from '../src/ical/index.ts';
import { row } from './ical/support/rows.ts';

const NOON = Date.UTC(2021, 10, 22, 12);
const MIDNIGHT = Date.UTC(2021, 10, 23);

const ASK: FeedAsk = { level: 0, name: 'Chancery', options: DEFAULT_OPTIONS, filters: {} };

/** Calendars over one entry or none, of which it is counted how often they are asked for changes. */
function counted({ entry, publicUrl }: { entry?: EntryRow; publicUrl?: string } = {}) {
  const at = { version: 1, asked: 0 };
  const entries: EntryQueries = {
    inOneState: (work) => work(),
    changesAfter: () => {
      at.asked += 1;
      return [];
    },
    releasedBetween: () => [],
    one: () => entry,
  };
  const calendars = createCalendars({
    entries,
    feeds: createFeedMaker({ entries, clock: () => NOON, publicUrl }),
    version: () => at.version,
    until: (_reader, nowMs) => (nowMs < NOON + 1_000 ? NOON + 1_000 : MIDNIGHT),
    publicUrl,
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

describe('the calendar of one meeting', () => {
  const textOf = async (publicUrl?: string): Promise<string> => {
    const { calendars } = counted({ entry: row({ id: 'm' }), ...(publicUrl && { publicUrl }) });
    const one = await calendars.one('m', NOON);
    if (one === undefined || typeof one === 'string') throw new Error(`no calendar: ${one}`);
    return Buffer.concat(await one.plain()).toString();
  };

  test('says where it comes from, where there is a public address', async () => {
    const text = await textOf('https://calendar.example.org');
    expect(text).toContain('SOURCE;VALUE=URI:https://calendar.example.org/meetings/m.ics\r\n');
    expect(await textOf()).not.toContain('SOURCE');
  });
});
