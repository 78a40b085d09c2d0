import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Patience } from '../../src/http/patience.ts';
import { Problem } from '../../src/http/problem.ts';
import { ViewBehind } from '../../src/views/errors.ts';
import { MEETING } from './support/facts.ts';
import { FEEDS, openWorld, type World } from './support/world.ts';
import { must } from './support/writes.ts';

/** Calendars wait for views that are being built. */

describe('patience', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const behind = new Problem('view-behind', 'being built');
  const made = (waitMs: number, most = 10) => {
    const closing = new AbortController();
    return { closing, patience: new Patience({ waitMs, most, closing: closing.signal }) };
  };
  /** Throws until it is open, and counts how often it was asked. */
  const door = (error: Error = behind) => {
    const state = { open: false, asked: 0 };
    const probe = () => {
      state.asked += 1;
      if (!state.open) throw error;
      return 'open';
    };
    return { state, probe };
  };

  test.each([behind, new ViewBehind('calendar')])(
    'ends when the views are there: %s',
    async (error) => {
      const { patience } = made(30_000);
      const { state, probe } = door(error);
      const waiting = patience.until(probe);
      state.open = true;
      expect(await waiting).toBe('open');
      expect(state.asked).toBe(2);
    },
  );

  test('does not wait for what is there, nor for what will not come', async () => {
    const { patience } = made(30_000);
    const { state, probe } = door();
    state.open = true;
    expect(await patience.until(probe)).toBe('open');
    const wrong = door(new Problem('not-found', 'no such feed'));
    await expect(patience.until(wrong.probe)).rejects.toThrow('no such feed');
    expect([state.asked, wrong.state.asked]).toEqual([1, 1]);
  });

  test('ends when its time is up', async () => {
    const { patience } = made(30_000);
    const { state, probe } = door();
    const waiting = patience.until(() => {
      vi.advanceTimersByTime(14_000);
      return probe();
    });
    await expect(waiting).rejects.toBe(behind);
    expect(state.asked).toBe(3);
  });

  test('ends when the server closes', async () => {
    const { closing, patience } = made(30_000);
    const { state, probe } = door();
    const waiting = patience.until(probe);
    closing.abort();
    await expect(waiting).rejects.toBe(behind);
    expect(state.asked).toBe(2);
  });

  test('is for so many at once, and for others when these are gone', async () => {
    const { patience } = made(30_000, 2);
    const { state, probe } = door();
    const waiting = [patience.until(probe), patience.until(probe)];
    await expect(patience.until(probe)).rejects.toBe(behind);
    state.open = true;
    expect(await Promise.all(waiting)).toEqual(['open', 'open']);
    const next = door();
    const again = patience.until(next.probe);
    next.state.open = true;
    expect(await again).toBe('open');
  });
});

describe('while views are being built', () => {
  const PATHS = [
    ...['/calendar.ics', '/calendar.ics?country=CH', `/meetings/${MEETING.id}.ics`],
    ...[`/feeds/${FEEDS.open}.ics`, `/feeds/private/${FEEDS.token}.ics`],
  ];
  let world: World;
  beforeEach(async () => {
    world = await openWorld();
    must(201, await world.post('/meetings', { ...MEETING, classification: 'public' }));
  });
  afterEach(() => world.close());

  test('calendars wait for them, and whatever else is asked for says so', async () => {
    world.views.building = true;
    const waiting = PATHS.map((path) => world.get(path));
    expect((await world.get('/meetings')).json()).toMatchObject({ code: 'view-behind' });
    world.views.building = false;
    for (const got of await Promise.all(waiting)) {
      expect(must(200, got).text).toContain(MEETING.title);
    }
  });
});
