import { expect, test } from 'vitest';
import { EXIT, explain } from '../../src/cli/failure.ts';

/** As the driver's are. */
const sqlite = (message: string, errcode: number) =>
  Object.assign(new Error(message), { code: 'ERR_SQLITE_ERROR', errcode });

test.each([
  ['a full disk', sqlite('database or disk is full', 13), /^database or disk is full: make room/],
  ['no rights', sqlite('unable to open database file', 14), /give this user the right/],
  ['a read-only file', sqlite('attempt to write a readonly database', 1_032), /the right/],
  ['a broken disk', sqlite('disk I/O error', 778), /check the disk$/],
])('what SQLite says of files is told with what to do: %s', (_what, error, text) => {
  expect(explain(error)).toEqual({ text: expect.stringMatching(text), exit: EXIT.failed });
});

test('a statement that is wrong is a fault of the program', () => {
  expect(explain(sqlite('no such table: x', 1)).text).toMatch(/^this is a fault of the program/);
});
