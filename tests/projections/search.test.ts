import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { tokenOf } from '../../projections/description.ts';
import { InvalidFilter } from '../../projections/types.ts';
import { World } from './support/world.ts';

let world: World;

// One world that no test changes.
beforeAll(async () => {
  world = await World.open();
  await world.announce('geneva', {
    title: 'Syrian Constitutional Committee: 9th session',
    place: { name: 'Genève', country: 'CH', venue: 'Palais des Nations' },
    topics: ['constitution-drafting'],
    track: 'syrian-constitutional-committee',
  });
  await world.announce('tehran', {
    title: 'Talks near, far',
    participants: [
      { name: 'Hossein Amir-Abdollahian', party: 'iran-foreign-minister', as: 'Foreign Minister' },
      { name: 'Сергей Вершинин', party: 'vershinin' },
    ],
  });
  await world.announce('odd', {
    title: 'ᦰᦱ ﬁne ＡＢＣ İstanbul, Straße, Œuvre, Þing, Ђorđe',
    place: { name: 'Łódź', country: 'PL' },
  });
  await world.announce('signs', {
    title: 'Nuʿmān al-ʿAbādī, Hawaiʻi, Ħamrun, Ŧana, ΚΥΠΡΟΣ.ΕΛΛΑΔΑ, عـربـي',
    place: { name: '🏛' },
  });
});
afterAll(() => world.close());

const found = (...q: string[]) => world.filtered({ q });

describe('q finds', () => {
  test.each<[string, string[], string[]]>([
    ['a word of the title', ['committee'], ['geneva']],
    ['a number', ['9th'], ['geneva']],
    ['a place', ['Genève'], ['geneva']],
    ['a venue', ['palais'], ['geneva']],
    ['a topic', ['constitution-drafting'], ['geneva']],
    ['a word of a topic', ['drafting'], ['geneva']],
    ['a name', ['Amir-Abdollahian'], ['tehran']],
    ['an office', ['minister'], ['tehran']],
    ['without regard to case', ['COMMITTEE'], ['geneva']],
    ['without diacritics what has them', ['geneve'], ['geneva']],
    ['with diacritics what has none', ['Commîttéé'], ['geneva']],
    ['with combining marks', ['gene\u0300ve'], ['geneva']],
    ['other alphabets', ['вершинин'], ['tehran']],
    ['other alphabets in capitals', ['ВЕРШИНИН'], ['tehran']],
    ['ligatures and wide letters', ['fine abc'], ['odd']],
    ['stroked letters by plain ones', ['lodz'], ['odd']],
    ['stroked letters by themselves', ['ŁÓDŹ'], ['odd']],
    ['the sharp s by two', ['strasse'], ['odd']],
    ['the sharp s by itself', ['STRAẞE'], ['odd']],
    ['joined letters by two', ['oeuvre thing'], ['odd']],
    ['a word of two alphabets as it is', ['ђorde'], ['odd']],
    ['letters that SQLite does not count as such', ['ᦰᦱ'], ['odd']],
    ['other letters with a stroke', ['hamrun tana'], ['signs']],
    ['transcriptions without their signs', ['numan abadi hawaii'], ['signs']],
    ['transcriptions with them', ['nuʿmān'], ['signs']],
    ['a last sigma, wherever the word ends', ['κύπρος ελλάδα'], ['signs']],
    ['words that are made longer', ['عربي'], ['signs']],
    ['all words of one q, in any order', ['session syrian'], ['geneva']],
    ['only with all of them', ['session astana'], []],
    ['either of two q', ['session', 'talks'], ['geneva', 'tehran']],
    ['whole words only', ['commit'], []],
    ['nothing', ['nairobi'], []],
  ])('%s', (_, q, ids) => {
    expect(found(...q)).toEqual(ids);
  });
});

describe('a place is found', () => {
  it.each(['lodz', 'Lodz', 'ŁÓDŹ', 'Łódź'])('as %s', (place) => {
    expect(world.filtered({ place: [place] })).toEqual(['odd']);
  });
});

describe('a place of signs alone', () => {
  it('is found by them, and by no others', () => {
    expect(world.filtered({ place: ['🏛'] })).toEqual(['signs']);
    expect(world.filtered({ place: ['—'] })).toEqual([]);
    const values = world.queries.places(world.reader(2)).map(({ value }) => value);
    expect(values).toEqual(['geneve', 'lodz', '🏛']);
  });
});

describe('q is never query syntax', () => {
  test.each<[string, string[]]>([
    ['talks AND far', []],
    ['talks OR nairobi', []],
    ['talks NOT far', []],
    ['near', ['tehran']],
    ['NEAR(talks far)', ['tehran']],
    ['NEAR(talks far, 2)', []],
    ['talk*', []],
    ['^talks', ['tehran']],
    ['"talks far"', ['tehran']],
    ['words:talks', []],
    ['-talks', ['tehran']],
    ['{words}: talks', []],
    ['talks + far', ['tehran']],
    ["talks' OR 1=1 --", []],
    ['talks\0far', ['tehran']],
    ['(talks', ['tehran']],
  ])('%j', (q, ids) => {
    expect(found(q)).toEqual(ids);
  });

  const piece = fc.oneof(
    fc.constantFrom(
      '"',
      '*',
      'NEAR(',
      'AND',
      'OR',
      'NOT',
      ':',
      '^',
      '-',
      '+',
      '\0',
      '(',
      ')',
      '{',
      '}',
      "'",
      ';',
      '%',
      '_',
      '\\',
      ',',
      '\n',
      '\ud800',
      'ᦰ',
      'talks',
    ),
    fc.string({ unit: 'binary', maxLength: 3 }),
    fc.constantFrom(' ', ''),
  );
  const hostile = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));

  it('whatever is asked: a list, or the reason why not', () => {
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 1, maxLength: 3 }), (q) => {
        const answer = attempt(() => found(...q));
        const wordless = q.some((text) => !/[\p{L}\p{N}]/u.test(text.normalize('NFKD')));
        if (wordless) expect(answer).toBeInstanceOf(InvalidFilter);
        else
          expect(['geneva', 'odd', 'tehran']).toEqual(expect.arrayContaining(answer as string[]));
      }),
      { numRuns: 300 },
    );
  });

  it('a title is found by its words, whatever they are', async () => {
    const other = await World.open();
    let made = 0;
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }), async (text) => {
        made += 1;
        const title = `x${text}`.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, ' ').trim();
        await other.announce(`m${made}`, { title });
        expect(other.filtered({ q: [title] })).toContain(`m${made}`);
      }),
      { numRuns: 30 },
    );
    await other.close();
  });

  it('many words at once are no trouble', () => {
    const words = Array.from({ length: 100 }, (_, i) => `w${i}`).join(' ');
    expect(found(...Array.from({ length: 50 }, () => words), 'talks')).toEqual(['tehran']);
  });
});

describe('q without a word', () => {
  it.each(['', ' ', '"', '*', '-', '\0', '…', '☮', '\u0301'])('is refused: %j', (q) => {
    expect(() => found(q)).toThrow(InvalidFilter);
    expect(attempt(() => found(q))).toMatchObject({ path: 'q' });
  });

  it('is refused beside one with words', () => {
    expect(() => found('talks', '--')).toThrow(InvalidFilter);
  });
});

function attempt<T>(ask: () => T): T | unknown {
  try {
    return ask();
  } catch (error) {
    return error;
  }
}

test('countries have words of their own, whatever their capitals', () => {
  const words = ['CH', 'FR', 'JP'].map((country) => tokenOf('country', country));
  expect(new Set(words).size).toBe(3);
  expect(words[0]).toBe(tokenOf('country', 'ch'));
});
