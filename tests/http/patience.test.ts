import { connect } from 'node:net';
import type { FastifyRequest } from 'fastify';
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
  /** As much of a request as is looked at. */
  const asked = (ip = '192.0.2.1') => {
    const socket = { destroyed: false, destroy: () => Object.assign(socket, { destroyed: true }) };
    return { socket, request: { ip, raw: { socket } } as unknown as FastifyRequest };
  };
  const { request } = asked();
  /** Throws until it is open, and counts how often it was asked. */
  const door = (error: Error = behind) => {
    const state = { open: false, asked: 0 };
    const work = async () => {
      state.asked += 1;
      if (!state.open) throw error;
      return 'open';
    };
    return { state, work };
  };

  test.each([behind, new ViewBehind('calendar')])(
    'ends when the views are there: %s',
    async (error) => {
      const { patience } = made(30_000);
      const { state, work } = door(error);
      const waiting = patience.until(request, work);
      state.open = true;
      expect(await waiting).toBe('open');
      expect(state.asked).toBe(2);
    },
  );

  test('does not wait for what is there, nor for what will not come', async () => {
    const { patience } = made(30_000);
    const { state, work } = door();
    state.open = true;
    expect(await patience.until(request, work)).toBe('open');
    const wrong = door(new Problem('not-found', 'no such feed'));
    await expect(patience.until(request, wrong.work)).rejects.toThrow('no such feed');
    expect([state.asked, wrong.state.asked]).toEqual([1, 1]);
  });

  test('ends when its time is up, and at once when there is none', async () => {
    const { patience } = made(30_000);
    const { state, work } = door();
    const waiting = patience.until(request, () => {
      vi.advanceTimersByTime(14_000);
      return work();
    });
    await expect(waiting).rejects.toBe(behind);
    expect(state.asked).toBe(4);
    const none = door();
    await expect(made(0).patience.until(request, none.work)).rejects.toBe(behind);
    expect(none.state.asked).toBe(1);
  });

  test('ends without an answer when the server closes', async () => {
    const { closing, patience } = made(30_000);
    const { state, work } = door();
    const { socket, request: mine } = asked();
    const waiting = patience.until(mine, work);
    closing.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'view-behind' });
    expect([state.asked, socket.destroyed]).toEqual([1, true]);
  });

  test('is for so many at once, and for others when these have what they want, or left', async () => {
    const { patience } = made(30_000, 2);
    const { state, work } = door();
    const { request } = asked('127.0.0.1');
    const left = asked('127.0.0.1');
    const waiting = [patience.until(request, work), patience.until(left.request, work)];
    await expect(patience.until(request, work)).rejects.toBe(behind);
    left.socket.destroy();
    await expect(waiting[1]).rejects.toThrow('nobody waits');
    const next = patience.until(request, work);
    state.open = true;
    expect(await Promise.all([waiting[0], next])).toEqual(['open', 'open']);
  });

  test('is for few of one address, once half of the places are taken', async () => {
    const { closing, patience } = made(30_000, 20);
    const waiting = Array.from({ length: 10 }, () => patience.until(request, door().work));
    await expect(patience.until(request, door().work)).rejects.toBe(behind);
    for (const ip of ['192.0.2.2', '192.0.2.2', '127.0.0.1', '127.0.0.1', '127.0.0.1']) {
      waiting.push(patience.until(asked(ip).request, door().work));
    }
    await expect(patience.until(asked('192.0.2.2').request, door().work)).rejects.toBe(behind);
    const ended = Promise.allSettled(waiting);
    closing.abort();
    expect((await ended).every(({ status }) => status === 'rejected')).toBe(true);
  });
});

describe('while views are being built', () => {
  const SAVED = [`/feeds/${FEEDS.open}.ics`, `/feeds/private/${FEEDS.token}.ics`];
  const PATHS = [
    ...['/calendar.ics', '/calendar.ics?country=CH', `/meetings/${MEETING.id}.ics`],
    ...SAVED,
  ];
  let world: World;
  /** Feeds are not known, either. */
  let isClosed = false;
  beforeEach(async () => {
    isClosed = false;
    world = await openWorld(({ feeds }) => {
      const known = <T>(look: () => T): T => {
        if (isClosed) throw new ViewBehind('access');
        return look();
      };
      const one: typeof feeds.one = (...given) => known(() => feeds.one(...given));
      const byToken: typeof feeds.byToken = (...given) => known(() => feeds.byToken(...given));
      return { feeds: { ...feeds, one, byToken } };
    });
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

  test('saved ones wait for the view of feeds, too', async () => {
    isClosed = true;
    const waiting = SAVED.map((path) => world.get(path));
    expect((await world.get('/meetings')).status).toBe(200);
    isClosed = false;
    for (const got of await Promise.all(waiting)) must(200, got);
  });

  test('a feed that is closed in the meantime is not answered', async () => {
    world.views.building = true;
    const waiting = SAVED.map((path) => world.get(path));
    expect((await world.get('/healthz')).status).toBe(200);
    for (const feed of [FEEDS.open, FEEDS.shut]) {
      must(200, await world.ask(`/feeds/${feed}`, { method: 'DELETE', as: 'admin' }));
    }
    world.views.building = false;
    for (const got of await Promise.all(waiting)) must(404, got);
  });

  test('they wait for no longer than half of what a connection may be silent', async () => {
    const limits = { idleMs: 2_000, feedBuildWaitMs: 60_000 };
    const own = await openWorld((deps) => ({ limits: { ...deps.limits, ...limits } }));
    own.views.building = true;
    try {
      expect((await own.get('/calendar.ics')).json()).toMatchObject({ code: 'view-behind' });
    } finally {
      await own.close();
    }
  });

  test('a server that closes cuts them off', async () => {
    world.views.building = true;
    const socket = connect(world.port, '127.0.0.1');
    let answer = '';
    const ended = new Promise<void>((resolve) => {
      socket.on('data', (bytes) => {
        answer += bytes.toString();
      });
      socket.on('error', () => {});
      socket.on('close', () => resolve());
    });
    const told = new Promise<void>((resolve) => {
      world.app.server.once('request', () => resolve());
    });
    socket.write('GET /calendar.ics HTTP/1.1\r\nHost: calendar.example\r\n\r\n');
    await told;
    const closed = world.app.close();
    await Promise.all([ended, closed]);
    expect(answer).toBe('');
  });
});
