import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { openWorld, REPORT, type Who } from './support/world.ts';
import { must } from './support/writes.ts';

/** Who read what is confidential is told, whatever way it was read. */

const world = await openWorld();
afterAll(() => world.close());

const secret = { form: 'visit', classification: 'confidential' };
const made = async (path: string, body: object) =>
  must(201, await world.post(path, body, {}, 'insider')).json<{ id: string }>().id;

const { id: _, ...report } = REPORT;
const meeting = await made('/meetings', { ...secret, title: 'Backchannel' });
const announcement = await made('/announcements', { ...report, classification: 'confidential' });
await made('/meetings', { title: 'Open talks', form: 'visit', classification: 'public' });
await made('/meetings', { title: 'Inner talks', form: 'visit' });
const withdrawn = await made('/meetings', { ...secret, title: 'Mistake' });
must(200, await world.post(`/meetings/${withdrawn}/withdraw`, { reason: 'x' }, {}, 'insider'));

beforeEach(() => void world.readings.splice(0));

const M = `meeting-${meeting}`;
const A = `announcement-${announcement}`;

test.each([
  [`/meetings/${meeting}`, '/meetings/:id', [M]],
  [`/meetings/${meeting}/history`, '/meetings/:id/history', [M]],
  ['/meetings', '/meetings', [M]],
  ['/meetings?status=withdrawn', '/meetings', [`meeting-${withdrawn}`]],
  ['/schedule/upcoming', '/schedule/upcoming', [M]],
  [`/announcements/${announcement}`, '/announcements/:id', [A]],
  [`/announcements/${announcement}/history`, '/announcements/:id/history', [A]],
  ['/announcements', '/announcements', [A]],
  ['/changes', '/changes', [M, A, `meeting-${withdrawn}`]],
])('GET %s', async (path, route, entries) => {
  must(200, await world.get(path, 'insider'));
  const first = { atMs: world.clock.ms, actor: 'insider', route, entries };
  expect(world.readings).toEqual([first]);
  // From the cache, and by another who sees as much.
  must(200, await world.get(path, 'insider'));
  expect(world.readings).toEqual([first, first]);
  must(200, await world.get(path, 'admin'));
  expect(world.readings.at(-1)).toEqual({ ...first, actor: 'env' });
});

describe('what is confidential in entries that are not', () => {
  const claims = [{ id: 'c', meeting, field: 'title', value: 'Backchannel' }];
  const inner = { form: 'visit', classification: 'internal' };
  test('is read with them: sources, what ended a date, claims, slips', async () => {
    const when = { edtf: '2022-08' };
    const cited = await made('/meetings', {
      ...inner,
      title: 'Cited',
      when,
      basedOn: [announcement],
    });
    const path = `/meetings/${cited}/reschedule`;
    const later = { when: { edtf: '2022-10' }, basedOn: [announcement] };
    must(200, await world.post(path, later, {}, 'insider'));
    const open = await made('/announcements', { ...report, classification: 'internal', claims });
    const slipping = await made('/meetings', { ...secret, title: 'Slipping', when });
    must(200, await world.post(`/meetings/${slipping}/reschedule`, later, {}, 'insider'));
    world.readings.splice(0);
    const reads = [`/meetings/${cited}`, `/meetings/${cited}/history`, `/announcements/${open}`];
    for (const read of [...reads, '/slips']) must(200, await world.get(read, 'insider'));
    expect(world.readings.map(({ entries }) => entries)).toEqual([
      [A],
      [A],
      [M],
      [`meeting-${slipping}`],
    ]);
    world.readings.splice(0);
    for (const read of [...reads, '/slips']) must(200, await world.get(read, 'editor'));
    expect(world.readings).toEqual([]);
  });

  test('is read with the values of filters, where they come of it', async () => {
    must(200, await world.get('/topics', 'insider'));
    expect(world.readings).toEqual([]);
    await made('/meetings', { ...secret, title: 'Ceasefire', topics: ['ceasefire'] });
    must(200, await world.get('/topics', 'insider'));
    must(200, await world.get('/topics', 'insider'));
    must(200, await world.get('/topics', 'editor'));
    const told = { actor: 'insider', route: '/topics', entries: ['topics'] };
    expect(world.readings).toMatchObject([told, told]);
  });
});

test('the raw log is one reading of everything', async () => {
  must(200, await world.get('/events', 'admin'));
  expect(world.readings).toMatchObject([{ actor: 'env', route: '/events', entries: ['events'] }]);
});

test.each([
  ['/meetings?q=open', 'insider' as Who],
  ['/meetings', 'editor' as Who],
  ['/changes', 'editor' as Who],
  ['/parties', 'insider' as Who],
])('nothing is told of GET %s by %s', async (path, as) => {
  must(200, await world.get(path, as));
  expect(world.readings).toEqual([]);
});
