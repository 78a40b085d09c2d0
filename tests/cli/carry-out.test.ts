import { expect, test } from 'vitest';
import { carryOut, type Refusal } from '../../src/cli/carry-out.ts';
import type { DossierCommand, DossierFault } from '../../src/cli/dossier.ts';
import { type CommandResult, type Handle, NotFound, Rejected, TooLarge } from '../../src/handle.ts';
import { StoreUnavailable } from '../../src/store/event-store.ts';

const command = (key: string, line: number): DossierCommand => ({
  kind: 'command',
  line,
  key,
  path: '/meetings',
  body: {},
});

async function* lines(...given: (DossierCommand | DossierFault)[]) {
  yield* given;
}

/** A handler that answers by key. */
const answering =
  (answers: Readonly<Record<string, Error | boolean>>): Handle =>
  async ({ key = '' }) => {
    const answer = answers[key];
    if (answer instanceof Error) throw answer;
    return { repeated: answer === true } as CommandResult;
  };

test('what is refused is told with its line, and the rest goes in', async () => {
  const refused: Refusal[] = [];
  const handle = answering({
    large: new TooLarge('event 1 takes 300000 bytes, 262144 are allowed: make it smaller'),
    rule: new Rejected('same-date', 'The meeting already has this date.'),
    missing: new NotFound('There is no meeting x: check the id.'),
    again: true,
  });
  const dossier = lines(
    command('a', 1),
    command('large', 2),
    command('rule', 3),
    { kind: 'fault', line: 4, reason: 'not JSON' },
    command('missing', 5),
    command('again', 6),
    command('b', 7),
  );
  const result = await carryOut(handle, dossier, (refusal) => refused.push(refusal));
  expect(result).toEqual({ done: 2, repeated: 1, refused: 4 });
  expect(refused).toEqual([
    { line: 2, reason: 'event 1 takes 300000 bytes, 262144 are allowed: make it smaller' },
    { line: 3, reason: 'same-date: The meeting already has this date.' },
    { line: 4, reason: 'not JSON' },
    { line: 5, reason: 'There is no meeting x: check the id.' },
  ]);
});

test('a store that goes away ends it, naming the line', async () => {
  const handle = answering({ b: new StoreUnavailable('away', 'unknown') });
  const dossier = lines(command('a', 1), command('b', 2), command('c', 3));
  await expect(carryOut(handle, dossier, () => {})).rejects.toThrow(/^stopped at line 2: away/);
});

test('a fault of the program is not a refusal', async () => {
  const handle = answering({ a: new TypeError('unforeseen') });
  await expect(carryOut(handle, lines(command('a', 1)), () => {})).rejects.toThrow(TypeError);
});
