import { expect, test } from 'vitest';
import { linesOf } from '../../src/cli/lines.ts';

async function read(chunks: readonly (string | Uint8Array)[], maxLine?: number): Promise<string[]> {
  async function* all() {
    yield* chunks;
  }
  return Array.fromAsync(linesOf(all(), maxLine));
}

test('lines end with LF or CRLF, and the last need not end', async () => {
  expect(await read(['a\nb\r\n\nc'])).toEqual(['a', 'b', '', 'c']);
  expect(await read(['a\n'])).toEqual(['a']);
  expect(await read([])).toEqual([]);
});

test('wherever the file is cut into chunks, also within a character', async () => {
  const bytes = Buffer.from('{"a":"Łódź 🕊"}\r\n{"b":1}\n');
  const whole = await read([bytes]);
  expect(whole).toEqual(['{"a":"Łódź 🕊"}', '{"b":1}']);
  for (let at = 0; at <= bytes.length; at += 1) {
    expect(await read([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(whole);
  }
});

test('a mark at the beginning, which some editors write, is no part of the first line', async () => {
  expect(await read([Buffer.from('\ufeffa\n')])).toEqual(['a']);
});

test('a line that is too long is named, before all of it is in memory', async () => {
  await expect(read(['abc\n', 'abcd', 'e'], 4)).rejects.toThrow('line 2 is longer than 4');
});

test('what is not UTF-8 is refused', async () => {
  await expect(read([Buffer.from([0x61, 0xff, 0x0a])])).rejects.toThrow('not UTF-8');
});
