import { describe, expect, test } from 'vitest';
import { Composing } from '../../src/http/composing.ts';
import type { CalendarText, FeedAsk } from '../../src/http/deps.ts';
import { DEFAULT_OPTIONS } from '../../src/ical/index.ts';

const ask = (name: string): FeedAsk => ({ level: 0, name, options: DEFAULT_OPTIONS, filters: {} });
const text = { count: 0 } as CalendarText;

/** A composition that goes on until it is told to end. */
function slow() {
  const { promise, resolve, reject } = Promise.withResolvers<CalendarText>();
  let begun = 0;
  const compose = () => {
    begun += 1;
    return promise;
  };
  return { compose, begun: () => begun, end: () => resolve(text), fail: reject };
}

describe('feeds composed at once', () => {
  test('for one feed in one state of the view are one', async () => {
    const composing = new Composing(2, 0);
    const work = slow();
    const [a, b] = [ask('a'), ask('b')];
    const both = [composing.share(a, 1, work.compose), composing.share(a, 1, work.compose)];
    expect(work.begun()).toBe(1);
    const other = composing.share(b, 1, work.compose);
    expect(work.begun()).toBe(2);
    work.end();
    expect(await Promise.all([...both, other])).toEqual([text, text, text]);
  });

  test('are not shared once the view has gone on, or when the one before has ended', async () => {
    const composing = new Composing(3, 0);
    const [feed, work] = [ask('a'), slow()];
    const first = [composing.share(feed, 1, work.compose), composing.share(feed, 2, work.compose)];
    expect(work.begun()).toBe(2);
    work.end();
    await Promise.all(first);
    await composing.share(feed, 2, work.compose);
    expect(work.begun()).toBe(3);
  });

  test('beyond so many wait for their turn, and beyond so many waiting are refused', async () => {
    const composing = new Composing(1, 1);
    const [running, waiting, refused] = [slow(), slow(), slow()];
    const first = composing.share(ask('a'), 1, running.compose);
    const second = composing.share(ask('b'), 1, waiting.compose);
    await expect(composing.share(ask('c'), 1, refused.compose)).rejects.toMatchObject({
      code: 'overloaded',
    });
    expect([running, waiting, refused].map((work) => work.begun())).toEqual([1, 0, 0]);
    running.end();
    await first;
    waiting.end();
    expect(await second).toBe(text);
    expect(refused.begun()).toBe(0);
  });

  test('of one address all may wait while there is room', async () => {
    const composing = new Composing(1, 20);
    const running = slow();
    const first = composing.share(ask('running'), 1, running.compose);
    const waiting = Array.from({ length: 10 }, (_, n) =>
      composing.share(ask(`${n}`), 1, async () => text, '192.0.2.1'),
    );
    running.end();
    expect(await Promise.all([first, ...waiting])).toHaveLength(11);
  });

  test('make room for what is everybody’s, and are never more than may wait', async () => {
    const composing = new Composing(1, 1);
    const running = slow();
    const first = composing.share(ask('running'), 1, running.compose);
    const share = (name: string, from?: string) =>
      composing.share(ask(name), 1, async () => text, from);
    const ours = share('ours', '192.0.2.1');
    const [dropped, everything] = [
      expect(ours).rejects.toMatchObject({ code: 'overloaded' }),
      share('everything'),
    ];
    await dropped;
    await expect(share('saved')).rejects.toMatchObject({ code: 'overloaded' });
    running.end();
    expect(await Promise.all([first, everything])).toEqual([text, text]);
  });

  test('of one address few wait when many do, and all of them behind what is everybody’s', async () => {
    const composing = new Composing(1, 6);
    const running = slow();
    const order: string[] = [];
    const share = (name: string, from?: string) => {
      const compose = async () => {
        order.push(name);
        return text;
      };
      return composing.share(ask(name), 1, compose, from);
    };
    const first = composing.share(ask('running'), 1, running.compose);
    const waiting = [share('a', '192.0.2.1'), share('b', '192.0.2.1'), share('c', '192.0.2.2')];
    await expect(share('d', '192.0.2.1')).rejects.toMatchObject({ code: 'overloaded' });
    waiting.push(share('everything'), share('saved'));
    running.end();
    await Promise.all([first, ...waiting]);
    expect(order).toEqual(['everything', 'saved', 'a', 'b', 'c']);
  });

  test('leave their place when they fail', async () => {
    const composing = new Composing(1, 1);
    const [failing, next] = [slow(), slow()];
    const first = composing.share(ask('a'), 1, failing.compose);
    const second = composing.share(ask('b'), 1, next.compose);
    failing.fail(new Error('no disk'));
    await expect(first).rejects.toThrow('no disk');
    next.end();
    expect(await second).toBe(text);
    expect(await composing.share(ask('a'), 1, async () => text)).toBe(text);
  });
});
