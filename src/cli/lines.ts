import { CommandFailed } from './failure.ts';
import { textOf } from './utf8.ts';

/** One line, in characters: several times what an event of the largest size takes. */
export const MAX_LINE = 16_777_216;

/**
 * The lines of a text in UTF-8, without their ends (LF or CRLF), one at a time whatever the file's size.
 * @throws {CommandFailed} not UTF-8, or a line that is longer than `maxLine` characters
 */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array | string>,
  maxLine = MAX_LINE,
): AsyncGenerator<string> {
  let rest = '';
  let count = 0;
  const refusal = () => new CommandFailed('the file is not UTF-8 text');
  for await (const text of textOf(chunks, refusal)) {
    const [first = '', ...others] = text.split('\n');
    rest += first;
    for (const next of others) {
      count += 1;
      yield withoutReturn(rest);
      rest = next;
    }
    if (rest.length > maxLine) {
      throw new CommandFailed(
        `line ${count + 1} is longer than ${maxLine} characters: no event is`,
      );
    }
  }
  if (rest !== '') yield withoutReturn(rest);
}

const withoutReturn = (line: string): string => (line.endsWith('\r') ? line.slice(0, -1) : line);
