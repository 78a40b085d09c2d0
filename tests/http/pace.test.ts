import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { Pace } from '../../src/http/pace.ts';
import { openWorld } from './support/world.ts';

describe('pace', () => {
  /** Asks so many times at once; the numbers of those that have begun. */
  function ask(pace: Pace, first: number, count: number): number[] {
    const begun: number[] = [];
    for (let n = first; n < first + count; n += 1) void pace.turn().then(() => begun.push(n));
    return begun;
  }

  test('a few begin at once, and as many in each turn after it, in their order', async () => {
    const begun = ask(new Pace(2), 1, 5);
    await null;
    await null;
    expect(begun).toEqual([1, 2]);
    await nextTurn();
    expect(begun).toEqual([1, 2, 3, 4]);
    await nextTurn();
    expect(begun).toEqual([1, 2, 3, 4, 5]);
  });

  test('who comes later waits behind all who wait, also in a turn of its own', async () => {
    const pace = new Pace(2);
    const early = ask(pace, 1, 5);
    await nextTurn();
    const late = ask(pace, 6, 2);
    await nextTurn();
    expect([early, late]).toEqual([[1, 2, 3, 4, 5], [6]]);
    await nextTurn();
    expect(late).toEqual([6, 7]);
  });

  test('afterwards nobody waits', async () => {
    const pace = new Pace(2);
    ask(pace, 1, 5);
    for (let turn = 0; turn < 5; turn += 1) await nextTurn();
    const begun = ask(pace, 6, 2);
    await null;
    await null;
    expect(begun).toEqual([6, 7]);
  });
});

test('a write waits for its turn', async () => {
  const world = await openWorld();
  const { promise, resolve } = Promise.withResolvers<void>();
  const turn = vi.spyOn(Pace.prototype, 'turn').mockReturnValueOnce(promise);
  try {
    const first = world.post('/meetings', { id: 'first', title: 'First', form: 'visit' });
    await vi.waitFor(() => expect(turn).toHaveBeenCalledOnce());
    const second = await world.post('/meetings', { id: 'second', title: 'Second', form: 'visit' });
    resolve();
    const [one, two] = [await first, second].map(({ headers }) => headers.get('chancery-event'));
    const log = (await world.get('/events', 'admin')).text;
    expect(log.indexOf(`${two}`)).toBeGreaterThan(0);
    expect(log.indexOf(`${one}`)).toBeGreaterThan(log.indexOf(`${two}`));
  } finally {
    turn.mockRestore();
    await world.close();
  }
});
