import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  contentLine,
  escapeText,
  fold,
  oneLine,
  sanitise,
  textLine,
  unescapeText,
  uriValue,
} from '../../src/ical/text.ts';
import { octets, physicalLines, unfolded } from './support/read.ts';
import { anyText } from './support/texts.ts';

describe('text: escaping (RFC 5545 §3.3.11)', () => {
  test.each([
    ['a backslash', 'a\\b', 'a\\\\b'],
    ['a semicolon', 'a;b', 'a\\;b'],
    ['a comma', 'Geneva, CH', 'Geneva\\, CH'],
    ['a line feed', 'a\nb', 'a\\nb'],
    ['CRLF, as one line break', 'a\r\nb', 'a\\nb'],
    ['a lone CR', 'a\rb', 'a\\nb'],
    ['NEL and the Unicode separators', 'a\u0085b\u2028c\u2029d', 'a\\nb\\nc\\nd'],
    ['a backslash before an n, which is no line break', 'a\\nb', 'a\\\\nb'],
  ])('%s', (_, plain, escaped) => {
    expect(escapeText(plain)).toBe(escaped);
  });

  test('a colon and quotes stay as they are', () => {
    expect(escapeText('Note: "as printed"')).toBe('Note: "as printed"');
  });

  test('every C0 control but the line feed and the tab is stripped', () => {
    const controls = Array.from({ length: 0x20 }, (_, code) => String.fromCharCode(code));
    expect(sanitise(controls.filter((c) => c !== '\r').join(''))).toBe('\t\n');
  });

  test('DEL and the C1 controls are stripped too', () => {
    expect(sanitise('a\u007fb\u0080c\u009fd')).toBe('abcd');
  });

  test('half a surrogate pair becomes the replacement character', () => {
    expect(sanitise('a\ud834b\udd1ec')).toBe('a\ufffdb\ufffdc');
  });

  test('escaping and reading give the sanitised text back, whatever it was', () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        expect(unescapeText(escapeText(text))).toBe(sanitise(text));
      }),
    );
  });

  test('well-formed text without controls or line separators comes back unchanged', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        fc.pre(!/(?![\t\n])\p{Cc}|[\u2028\u2029]/u.test(text));
        expect(unescapeText(escapeText(text))).toBe(text);
      }),
    );
  });

  test('no escaped text holds a control but the tab, or a bare comma or semicolon', () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        expect(escapeText(text)).toMatch(/^(?:\\[\\;,n]|[^\\;,\n])*$/u);
        expect(escapeText(text)).not.toMatch(/(?!\t)\p{Cc}/u);
      }),
    );
  });

  test('\\N reads as a line feed too', () => {
    expect(unescapeText('a\\Nb')).toBe('a\nb');
  });

  test('a title is one line: breaks, tabs and runs of spaces become one space', () => {
    expect(oneLine('  Astana\r\n\tformat   summit \n')).toBe('Astana format summit');
  });
});

describe('text: folding (RFC 5545 §3.1)', () => {
  test('a line of 75 octets stays whole', () => {
    const line = `SUMMARY:${'a'.repeat(67)}`;
    expect(fold(line)).toBe(line);
  });

  test('the 76th octet goes to the next line, behind a space', () => {
    expect(fold(`SUMMARY:${'a'.repeat(67)}b`)).toBe(`SUMMARY:${'a'.repeat(67)}\r\n b`);
  });

  test('the space of a continuation counts among its 75 octets', () => {
    const lines = fold('x'.repeat(75 + 74 + 1)).split('\r\n');
    expect(lines.map(octets)).toEqual([75, 75, 2]);
  });

  test.each([
    ['two octets', 'é', 37],
    ['three octets', '€', 25],
    ['four octets', '𝄞', 18],
  ])('a character of %s is never cut', (_, character, fitting) => {
    const [first, second] = fold(character.repeat(40)).split('\r\n');
    expect(first).toBe(character.repeat(fitting));
    expect(second?.startsWith(` ${character}`)).toBe(true);
  });

  test('a character that would end beyond 75 octets goes over whole', () => {
    expect(fold(`${'a'.repeat(73)}€`)).toBe(`${'a'.repeat(73)}\r\n €`);
    expect(fold(`${'a'.repeat(72)}𝄞`)).toBe(`${'a'.repeat(72)}\r\n 𝄞`);
    expect(fold(`${'a'.repeat(74)}é`)).toBe(`${'a'.repeat(74)}\r\n é`);
  });

  test('characters that just fit stay', () => {
    expect(fold(`${'a'.repeat(72)}€`)).toBe(`${'a'.repeat(72)}€`);
    expect(fold(`${'a'.repeat(71)}𝄞`)).toBe(`${'a'.repeat(71)}𝄞`);
  });

  test('unfolding gives the line back, whatever it was', () => {
    fc.assert(
      fc.property(anyText(2_000), (text) => {
        const line = contentLine('DESCRIPTION', escapeText(text));
        expect(unfolded(line)).toBe(`DESCRIPTION:${escapeText(text)}\r\n`);
      }),
    );
  });

  test('every physical line is at most 75 octets of whole characters', () => {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    fc.assert(
      fc.property(anyText(2_000), (text) => {
        const bytes = Buffer.from(textLine('DESCRIPTION', text));
        for (let start = 0; start < bytes.length; ) {
          const end = bytes.indexOf('\r\n', start);
          expect(end - start).toBeLessThanOrEqual(75);
          expect(end).toBeGreaterThan(start);
          decoder.decode(bytes.subarray(start, end)); // throws inside a character
          start = end + 2;
        }
      }),
    );
  });

  test('no line is folded earlier than it must be', () => {
    fc.assert(
      fc.property(anyText(2_000), (text) => {
        const lines = physicalLines(textLine('DESCRIPTION', text));
        lines.slice(0, -1).forEach((line, index) => {
          const [next = ''] = lines[index + 1]?.slice(1) ?? '';
          expect(octets(line) + octets(next)).toBeGreaterThan(75);
        });
      }),
    );
  });
});

test('text: a content line ends in CRLF', () => {
  expect(textLine('SUMMARY', 'a\nb')).toBe('SUMMARY:a\\nb\r\n');
});

describe('URL: a URI value', () => {
  test.each([
    ['a comma', 'https://example.org/a,b', 'https://example.org/a%2Cb'],
    ['a semicolon', 'https://example.org/a;b', 'https://example.org/a%3Bb'],
    ['a space', 'https://example.org/a b', 'https://example.org/a%20b'],
    ['a quote', 'https://example.org/"', 'https://example.org/%22'],
    ['a backslash', 'https://example.org/\\', 'https://example.org/%5C'],
    ['a line break', 'https://example.org/\r\nX:1', 'https://example.org/%0D%0AX:1'],
    ['what is not ASCII', 'https://example.org/é𝄞', 'https://example.org/%C3%A9%F0%9D%84%9E'],
    ['half a surrogate pair', 'https://example.org/\ud834', 'https://example.org/%EF%BF%BD'],
  ])('percent-encodes %s', (_, address, value) => {
    expect(uriValue(address)).toBe(value);
  });

  test('has no space around it', () => {
    expect(uriValue(' https://example.org/ ')).toBe('https://example.org/');
  });

  test('leaves what is encoded already, and all that a URI may hold', () => {
    const address = "https://user@example.org:8080/a%2Cb/~c?d=e&f=(g)*'!$+#h[1]";
    expect(uriValue(address)).toBe(address);
  });
});
