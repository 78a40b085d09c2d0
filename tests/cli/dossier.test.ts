import { describe, expect, it } from 'vitest';
import { MAX_COMMAND, readDossier } from '../../src/cli/dossier.ts';

const command = (key: string) => ({ key, path: '/meetings', body: { title: `Title, [${key}]` } });

async function* chunks(bytes: Uint8Array, size: number) {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
}

async function read(text: string | Uint8Array, size = 65_536) {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  return Array.fromAsync(readDossier(chunks(bytes, size)));
}

const brief = async (text: string) =>
  (await read(text)).map((e) => (e.kind === 'command' ? `${e.line} ${e.key}` : `${e.line} fault`));

const a = JSON.stringify(command('a'));
const b = JSON.stringify(command('b'));

describe('both formats', () => {
  it.each([
    ['a JSON array', `[${a},${b}]`, ['1 a', '1 b']],
    ['a JSON array over lines', `[\n  ${a},\n\n  ${b}\n]\n`, ['2 a', '4 b']],
    ['NDJSON', `${a}\n${b}\n`, ['1 a', '2 b']],
    ['NDJSON with empty lines, CRLF and no last newline', `\n${a}\r\n\r\n${b}`, ['2 a', '4 b']],
    ['a byte order mark', `\ufeff[${a}]`, ['1 a']],
    ['an empty array', '[ ]', []],
    ['an empty file', '', []],
  ])('%s', async (_name, text, expected) => {
    expect(await brief(text)).toEqual(expected);
  });

  it('hands over key, path and body as they are', async () => {
    expect(await read(`[${a}]`)).toEqual([{ kind: 'command', line: 1, ...command('a') }]);
  });

  it.each([1, 2, 3, 7])('cut anywhere, %i bytes at a time', async (size) => {
    const tricky = { key: 'ключ "]', path: '/x', body: { t: '\\"}],[{ é 🌍', n: [{ a: [] }] } };
    const text = JSON.stringify([tricky, command('b')], null, 1);
    expect((await read(text, size)).map((e) => e.kind === 'command' && e.key)).toEqual([
      'ключ "]',
      'b',
    ]);
  });
});

describe('what is no command is named with its line, and the rest goes on', () => {
  it.each([
    ['a broken line', `${a}\n{"key":\n${b}\n`, ['1 a', '2 fault', '3 b']],
    ['a broken element', `[${a},\n{"key" 1},\n${b}]`, ['1 a', '2 fault', '3 b']],
    ['a missing field', '{"key":"a","path":"/meetings"}', ['1 fault']],
    ['an unknown field', `{"key":"a","path":"/meetings","body":{},"x":1}`, ['1 fault']],
    ['a key that is too long', JSON.stringify(command('k'.repeat(201))), ['1 fault']],
    ['a number', '1', ['1 fault']],
    ['nothing between commas', `[${a},,${b}]`, ['1 a', '1 fault', '1 b']],
    ['a comma at the end', `[${a},]`, ['1 a', '1 fault']],
    ['an array that is not closed', `[${a},\n${b}`, ['1 a', '2 fault']],
    ['a string that is not closed', `[${a},\n{"key":"b]`, ['1 a', '2 fault']],
    ['text after the array', `[${a}]\n${b}`, ['1 a', '2 fault']],
    ['brackets that do not match', `[}, ${a}]`, ['1 fault', '1 a']],
  ])('%s', async (_name, text, expected) => {
    expect(await brief(text)).toEqual(expected);
  });

  it('a command larger than the limit is not held in memory', async () => {
    const huge = JSON.stringify(command('x'.repeat(MAX_COMMAND)));
    expect(await brief(`[${huge},\n${a}]`)).toEqual(['1 fault', '2 a']);
  });

  it('says what a command must be', async () => {
    const [fault] = await read('{"key":"a","path":"/meetings"}');
    expect(fault).toMatchObject({
      reason: expect.stringContaining('{"key", "path", "body"}: body'),
    });
  });
});

it('refuses bytes that are not UTF-8', async () => {
  await expect(read(new Uint8Array([0x5b, 0xff, 0x5d]))).rejects.toThrow('not UTF-8');
  await expect(read(new Uint8Array([0x5b, 0xe2]))).rejects.toThrow('not UTF-8');
});
