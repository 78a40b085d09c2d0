import { describe, expect, test } from 'vitest';
import { matchCommand, parse } from '../../src/commands.ts';
import { InvalidInput } from '../../src/domain/rules.ts';

/** Every wrong value says what it must be, in words and not in those of a library. */

function wrong(path: string, body: unknown): string[] {
  const match = matchCommand(path);
  if (match === undefined) throw new Error(`no command at ${path}`);
  try {
    parse(match.definition, match.params, body);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    return error.errors.map((one) => `${one.path} ${one.message}`);
  }
}

const talks = { title: 'Talks', form: 'visit' };

test('a claim is told of which fields there are', () => {
  const report = { title: 'Report', kind: 'report', outlet: 'Press', language: 'en' };
  const publishedAt = { value: '2021-11-21' };
  const claims = [{ id: 'c', meeting: 'm', field: 'date', value: 'x' }];
  expect(wrong('/announcements', { ...report, publishedAt, claims })).toEqual([
    '/claims/0/field must be one of when, place, status, participants, title',
  ]);
});

describe('a value is told what it must be', () => {
  test.each([
    ['none', { form: 'visit' }, '/title is missing: give a text'],
    ['of another type', { ...talks, title: 5 }, '/title must be a text'],
    ['no list', { ...talks, topics: 'water' }, '/topics must be a list'],
    ['blank', { ...talks, title: ' ' }, '/title must not be empty'],
    [
      'too long',
      { ...talks, title: 'a'.repeat(301) },
      '/title must be at most 300 characters long',
    ],
    [
      'too many',
      { ...talks, topics: Array(51).fill('a') },
      '/topics must be at most 50 items long',
    ],
    [
      'too great',
      { ...talks, place: { name: 'Oslo', geo: { lat: 91, lon: 0 } } },
      '/place/geo/lat must be at most 90',
    ],
    [
      'no word of a list',
      { ...talks, classification: 'secret' },
      '/classification must be one of public, internal, confidential',
    ],
    [
      'no object',
      { ...talks, place: 'Oslo' },
      '/place must be an object of name, country, venue, timezone, geo, online',
    ],
    ['a text for a list', { ...talks, topics: 'x'.repeat(60) }, '/topics must be a list'],
    ['a list for a text', { ...talks, title: [] }, '/title must be a text'],
  ])('%s', (_, body, told) => {
    expect(wrong('/meetings', body)).toEqual([told]);
  });
});
