import { expect, test } from 'vitest';
import { reachedBy } from '../src/access-parts.ts';
import { accessView, uuid } from './projections/support/access-view.ts';
import { anEvent } from './store/events.ts';

/** Whether the view of tokens and feeds is as far as another view, whose checkpoint is given. */

const access = accessView();

async function begin(): Promise<void> {
  await access.append([['meeting-a', anEvent()]]);
  access.view.start();
  await access.view.ready;
}

test('is as far where it has seen as many events, whatever it remembers of them', async () => {
  await begin();
  expect(await reachedBy(access.view)({ id: uuid(1), seq: 1 }, 0)).toBe(true);
});

test('is as far once it has passed over the event that it lacked', async () => {
  await begin();
  const late = anEvent();
  const reached = reachedBy(access.view)({ id: late.id, seq: 2 }, 20_000);
  await access.append([['meeting-a', late]]);
  expect(await reached).toBe(true);
});

test('is not as far while it lacks it', async () => {
  await begin();
  expect(await reachedBy(access.view)({ id: uuid(1), seq: 2 }, 10)).toBe(false);
});
