import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseOptions, sizedName, usage, WrongUsage, wanted } from '../../bench/options.ts';

const NAMES = ['append-sequential', 'append-100-callers', 'feed-cached', 'feed-304'];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'chancery-bench-options-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the options of the benchmark', () => {
  it('measure everything over 200,000 events when nothing is said', () => {
    const options = parseOptions([], NAMES);
    expect(options).toEqual({
      ...{ help: false, json: undefined, only: [], events: 200_000 },
      entries: [10_000],
    });
    expect(NAMES.filter((name) => wanted(options, name))).toEqual(NAMES);
  });

  it('take --only several times, by name or by how the name begins', () => {
    const options = parseOptions(['--only', 'append', '--only=feed-304'], NAMES);
    expect(NAMES.filter((name) => wanted(options, name))).toEqual([
      'append-sequential',
      'append-100-callers',
      'feed-304',
    ]);
  });

  it('take a number of events and a file for the figures', () => {
    const json = join(folder, 'figures.json');
    const options = parseOptions(['--events', '1000', '--json', json], NAMES);
    expect(options).toMatchObject({ events: 1_000, json });
  });

  it('take sizes of feed, which then stand in the names of its figures', () => {
    const { entries } = parseOptions(['--entries', '1000', '--entries=50000'], NAMES);
    expect(entries).toEqual([1_000, 50_000]);
    expect(sizedName('feed-304', 50_000)).toBe('feed-304-50000');
    expect(sizedName('feed-304', 10_000)).toBe('feed-304');
  });

  it('give help whatever else is said', () => {
    expect(parseOptions(['--help', '--only', 'nothing'], NAMES).help).toBe(true);
    expect(usage(NAMES)).toContain('feed-304');
  });

  it.each([
    ['an unknown option', ['--rounds', '3'], '--rounds'],
    ['a word too many', ['feed-304'], 'feed-304'],
    ['a figure that does not exist', ['--only', 'fed'], 'append-sequential'],
    ['--only without a name', ['--only'], '--only'],
    ['an empty name', ['--only', ''], '--only'],
    ['events that are no number', ['--events', 'many'], '--events many'],
    ['events with a sign', ['--events=-5'], '--events'],
    ['too few events', ['--events', '999'], '1000'],
    ['too many events', ['--events', '5000001'], '5000000'],
    ['too few entries', ['--entries', '99'], '--entries 99'],
    ['too many entries', ['--entries', '100001'], '100000'],
    ['a fraction of an event', ['--events', '1000.5'], '--events 1000.5'],
    ['--json without a file', ['--json'], '--json'],
    ['--json into a folder that is not there', ['--json', '/nowhere/at/all.json'], '/nowhere/at'],
  ])('refuse %s in one line', (_, args, named) => {
    const parse = () => parseOptions(args, NAMES);
    expect(parse).toThrow(WrongUsage);
    expect(parse).toThrow(named);
    expect(parse).toThrow(/^[^\n]+$/);
  });

  it('refuse a folder as the file for the figures', () => {
    expect(() => parseOptions(['--json', folder], NAMES)).toThrow(/folder/);
  });
});
