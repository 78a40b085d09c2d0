import { expect, it } from 'vitest';
import { loadConfig } from '../src/config.ts';
import { limitsOf } from '../src/limits.ts';

const limits = (env: Record<string, string>) => limitsOf(loadConfig(env, 'no-such-file'));

it('a rate that somebody set is for everyone, one that nobody set spares this machine', () => {
  const set = { RATE_LIMIT: '1', TOKEN_RATE_LIMIT: '2', FEED_RATE_LIMIT: '3' };
  expect(limits(set)).toMatchObject({
    addressRate: { requests: 1, local: true },
    tokenRate: { requests: 2, local: true },
    feedRate: { requests: 3, local: true },
  });
  expect(limits({})).toMatchObject({
    addressRate: { requests: 600, local: false },
    tokenRate: { requests: 6_000, local: false },
    feedRate: { requests: 3_000, local: false },
  });
});

it('feeds are composed as many at once, and wait as long, as was said', () => {
  const set = { FEED_COMPOSING: '2', FEED_WAITING: '20', FEED_BUILD_WAIT: '0' };
  expect(limits(set)).toMatchObject({ feedComposing: 2, feedWaiting: 20, feedBuildWaitMs: 0 });
});
