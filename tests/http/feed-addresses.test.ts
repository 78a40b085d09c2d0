import { afterAll, describe, expect, test } from 'vitest';
import { realCalendars } from './support/calendars.ts';
import { MEETING } from './support/facts.ts';
import { openWorld } from './support/world.ts';
import { must } from './support/writes.ts';

/** Options and filters in the address of the feed; what they do to entries is tested in tests/ical. */

const world = await openWorld();
afterAll(() => world.close());
await world.post('/meetings', { ...MEETING, classification: 'public' });

const feed = async (query: string) => must(200, await world.get(`/calendar.ics?${query}`)).text;

test.each([
  ['cancelled=hide', '"cancelled":"hide"'],
  ['cancelled=label', '"cancelled":"label"'],
  ['postponed=tentative', '"postponed":"tentative"'],
  ['approx=marker', '"approx":"marker"'],
  ['approx=omit', '"approx":"omit"'],
  ['past=30', '"past":30'],
  ['past=all', '"past":"all"'],
  ['past=0', '"past":0'],
])('takes option %s', async (query, told) => {
  expect(await feed(query)).toContain(told);
});

test('takes every filter of lists', async () => {
  expect(await feed('country=CH')).toContain(MEETING.title);
  expect(await feed('country=AT')).not.toContain(MEETING.title);
  const all =
    'from=2020-01-01&to=2090-01-01&certain=false&participant=x&country=CH&place=Geneva&track=x&topic=x&form=session&status=announced&precision=day&q=words';
  expect(await feed(all)).not.toContain(MEETING.title);
});

describe('queries that say the same', () => {
  test('are one feed with one address', async () => {
    const one = must(200, await world.get('/calendar.ics?topic=b&topic=a&past=365&country=CH'));
    const two = must(200, await world.get('/calendar.ics?country=CH&topic=a&topic=b&topic=a'));
    expect(two.text).toBe(one.text);
    expect(one.text).toContain('/calendar.ics?country=CH&topic=a&topic=b ');
  });

  test('and the defaults are the feed of everything', async () => {
    const plain = must(200, await world.get('/calendar.ics'));
    expect(await feed('past=365&cancelled=status&postponed=cancelled&approx=span')).toBe(
      plain.text,
    );
  });

  test('are the same feed when asked for again, also as 304', async () => {
    const first = must(200, await world.get('/calendar.ics?country=CH'));
    const headers = { 'if-none-match': first.headers.get('etag') ?? '' };
    expect((await world.get('/calendar.ics?country=CH', undefined, headers)).status).toBe(304);
    expect(must(200, await world.get('/calendar.ics?country=CH')).text).toBe(first.text);
  });
});

describe('the name of a filtered calendar', async () => {
  const there = await openWorld(realCalendars);
  afterAll(() => there.close());
  const named = async (query: string) => {
    const { text } = must(200, await there.get(encodeURI(`/calendar.ics?${query}`)));
    return /^NAME:(.*)$/m.exec(text.replaceAll('\r\n ', ''))?.[1]?.trim();
  };
  const family = '👩‍👩‍👧';

  test.each([
    ['its filters', 'topic=water&country=CH', 'Chancery: CH\\, water'],
    ['80 characters', `place=${'a'.repeat(80)}`, `Chancery: ${'a'.repeat(80)}`],
    ['81 characters', `place=${'a'.repeat(81)}`, `Chancery: ${'a'.repeat(80)}…`],
    ['a character of two units', `place=a${'😀'.repeat(45)}`, `Chancery: a${'😀'.repeat(39)}…`],
    ['one of many', `place=${'a'.repeat(75)}${family}`, `Chancery: ${'a'.repeat(75)}…`],
    ['a letter with its accent', `place=${'a'.repeat(79)}e\u0301`, `Chancery: ${'a'.repeat(79)}…`],
    ['certain alone', 'certain=true', 'Chancery'],
    ['certain dates', 'certain=true&from=2022-08-01', 'Chancery: 2022-08-01'],
  ])('is whole with %s', async (_, query, name) => {
    expect(await named(query)).toBe(name);
  });
});

test.each([
  ['cancelled=maybe', 'cancelled', ['status', 'label', 'hide']],
  ['postponed=no', 'postponed', ['cancelled', 'tentative']],
  ['approx=first', 'approx', ['span', 'marker', 'omit']],
  ['past=-1', 'past', ['0', '36500', 'all']],
  ['past=36501', 'past', ['36500']],
  ['past=week', 'past', ['all']],
  ['form=party', 'form.0', ['bilateral', 'summit']],
  ['limit=5', 'limit', ['cancelled', 'postponed', 'approx', 'past', 'country', 'topic', 'q']],
  ['cancel=hide', 'cancel', ['cancelled']],
  ['past=1&past=2', 'past', ['once']],
  ['past=99999', 'past', ['36500']],
  ['from=soon', 'from', ['2021-11-21']],
  ['q=%E2%80%93', 'q', ['one word']],
])('%s is refused at %s, with what there is', async (query, path, told) => {
  const got = await world.get(`/calendar.ics?${query}`);
  const problem = got.json<{ code: string; errors: { path: string; message: string }[] }>();
  expect(problem.code).toBe('validation-failed');
  expect(problem.errors).toHaveLength(1);
  expect(problem.errors[0]?.path).toBe(path.split('.')[0]);
  for (const word of told) expect(problem.errors[0]?.message).toContain(word);
});
