import { randomUUID } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import type { NewEvent } from '../../events/envelope.ts';
import { realCalendars } from './support/calendars.ts';
import { openWorld, REPORT } from './support/world.ts';

/**
 * Text that no write of ours takes, but that a log of another writer may hold: it ends no line of a feed, adds none, and
 * is markup nowhere.
 */

const world = await openWorld(realCalendars);
afterAll(() => world.close());

const NASTY =
  'Talks\u202e\u2066\r\nBEGIN:VALARM\u2028\u0085\u0000\u001b[31m<script>alert(1)</script>&";';

const ACTS = /(?!\t)[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;

const event = (type: string, data: object): NewEvent => ({
  id: randomUUID(),
  type,
  data,
  meta: {
    ...{ recordedAt: '2021-11-22T08:00:00Z', statedAt: '2021-11-22T08:00:00Z', actor: 'import' },
    ...{ commandId: randomUUID(), correlationId: randomUUID(), causationId: randomUUID() },
    ...{ requestHash: '0'.repeat(64), schema: 1 },
  },
});

await world.store.append(
  'meeting-nasty',
  [
    event('MeetingAnnounced', {
      ...{ title: NASTY, form: 'session', classification: 'public', topics: [] },
      ...{ when: { edtf: '2021-11-24', phrase: NASTY }, place: { name: NASTY, country: 'CH' } },
      participants: [{ party: 'p', name: NASTY, role: 'host', presence: 'unknown' }],
    }),
    event('MeetingPostponed', { reason: NASTY }),
    event('MeetingRescheduled', { when: { edtf: '2021-11-25' }, reason: NASTY }),
  ],
  'none',
);
await world.views.catchUp();

test.each(['/calendar.ics', '/meetings/nasty.ics'])('%s has no line of it', async (path) => {
  const { status, text } = await world.get(path);
  expect(status).toBe(200);
  expect(text).toContain('Talks');
  expect(text).not.toMatch(/^BEGIN:VALARM/m);
  expect(text.replaceAll('\r\n', '')).not.toMatch(ACTS);
});

test.each(['/', '/changes.atom'])('%s has no element of it', async (path) => {
  const { status, text } = await world.get(path);
  expect(status).toBe(200);
  expect(text).toContain('Talks');
  expect(text).not.toContain('<script>');
  expect(text).not.toMatch(/(?![\n\t])\p{Cc}/u);
});

test.each([
  '/meetings',
  '/meetings/nasty',
  '/meetings/nasty/history',
  '/changes',
  '/parties',
  '/places',
])('%s is JSON that says it as it is', async (path) => {
  const got = await world.get(path);
  expect(got.status).toBe(200);
  expect(got.headers.get('x-content-type-options')).toBe('nosniff');
  // JSON escapes controls by itself.
  expect(got.text).not.toMatch(/(?!\u0085)\p{Cc}/u);
  expect(() => JSON.parse(got.text)).not.toThrow();
});

test.each(['\u0000', '\u009b', '\u202e', '\u2066', '\u2028', '\ud800', ' '])(
  'is in no address: %j',
  async (character) => {
    const address = `https://example.org/a${character}b`;
    const report = { ...REPORT, id: undefined, url: address };
    const meeting = { title: 'Talks', form: 'visit', place: { online: address } };
    for (const [path, body] of [
      ['/announcements', report],
      ['/meetings', meeting],
    ] as const) {
      const got = await world.post(path, body);
      expect(got.json()).toMatchObject({ status: 400, code: 'validation-failed' });
    }
  },
);

test('is not what a path in another script has', async () => {
  const url = 'https://example.org/خبر/نشست?a=b#c';
  const got = await world.post('/announcements', { ...REPORT, id: undefined, url });
  expect(got.json()).toMatchObject({ url });
});
