import { expect, it } from 'vitest';
import { createProgress } from '../../src/cli/progress.ts';

function output(isTTY: boolean) {
  const written: string[] = [];
  return { isTTY, written, write: (text: string) => written.push(text) };
}

it('draws a bar on a terminal, each state once, and clears it', () => {
  const terminal = output(true);
  const progress = createProgress(terminal, 10);
  progress.update(5, '1 line');
  progress.update(5, '1 line');
  progress.clear();
  progress.clear();
  expect(terminal.written).toEqual([
    `\r\u001b[K[${'#'.repeat(15)}${'.'.repeat(15)}] 1 line`,
    '\r\u001b[K',
  ]);
});

it('writes a plain line for every tenth elsewhere', () => {
  const file = output(false);
  const progress = createProgress(file, 100);
  for (let done = 0; done <= 100; done += 1) progress.update(done, `${done} lines`);
  progress.clear();
  expect(file.written.length).toBe(9);
  expect(file.written[0]).toBe('10%: 10 lines\n');
});

it('draws no false bar when the total is not known', () => {
  const terminal = output(true);
  createProgress(terminal, 0).update(5, '5 lines');
  expect(terminal.written[0]).toContain(`[${'.'.repeat(30)}] 5 lines`);
});
