import { randomUUID } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import type { NewEvent } from '../../events/envelope.ts';
import { realCalendars } from './support/calendars.ts';
import { openWorld } from './support/world.ts';

/**
 * Text that no write of ours takes, but that a log of another writer may hold: it ends no line of a feed, adds none, and
 * is markup nowhere.
 */

const world = await openWorld(realCalendars);
afterAll(() => world.close());

const NASTY = 'Talks\r\nBEGIN:VALARM\u2028\u0085\u0000\u001b[31m<script>alert(1)</script>&";';

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
  expect(text.replaceAll('\r\n', '')).not.toMatch(/(?!\t)[\p{Cc}\p{Zl}\p{Zp}]/u);
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
