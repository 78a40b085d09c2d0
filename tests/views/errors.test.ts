import { expect, test } from 'vitest';
import { isDiskFull, ViewsUnusable } from '../../src/views/errors.ts';

const fault = (errcode: number) => Object.assign(new Error('of SQLite'), { errcode });

test.each([
  ['full', fault(13), true],
  ['a limit on the size of files', fault(778), true],
  ['full, when the folder was to be locked', unusable(fault(13)), true],
  ['full, when a folder was to be made', unusable(system('ENOSPC')), true],
  ['used up, as far as this user goes', system('EDQUOT'), true],
  ['damaged', fault(11), false],
  ['a read that failed', fault(266), false],
  ['a folder that cannot be made', unusable(system('EACCES')), false],
  ['damaged, and nothing else is known', unusable(undefined), false],
  ['no error of SQLite', new Error('no'), false],
])('a disk: %s', (_, error, expected) => {
  expect(isDiskFull(error)).toBe(expected);
});

function system(code: string): Error {
  return Object.assign(new Error('of the system'), { code });
}

function unusable(cause: Error | undefined): ViewsUnusable {
  return new ViewsUnusable('cannot use the folder', { cause });
}
