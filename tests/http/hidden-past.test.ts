import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MEETING, openWorld, type Who, type World } from './support/world.ts';
import { must } from './support/writes.ts';

/** What an entry was before a caller began to see it does not exist for them, for writes as for reads. */

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const { id: _, ...FACTS } = MEETING;
const DAY_MS = 86_400_000;

/** A confidential meeting of the insider, with what they say of it, and then shown to everybody. */
async function released(
  facts: object,
  ...said: readonly (readonly [action: string, body: object])[]
) {
  const body = { ...FACTS, ...facts, classification: 'confidential' };
  const made = must(201, await world.post('/meetings', body, {}, 'insider'));
  const { id } = made.json<{ id: string }>();
  const act = (action: string, given: object, as: Who) =>
    world.post(`/meetings/${id}/${action}`, given, {}, as);
  for (const [action, given] of said) must(200, await act(action, given, 'insider'));
  world.clock.ms += 1_000;
  must(200, await act('reclassify', { classification: 'public' }, 'insider'));
  return { id, act };
}

describe('a date that was given up before the release', () => {
  const hidden = () => released({ when: { edtf: '2022-03-14' } }, ['postpone', {}]);

  test('is neither restored nor told by an editor who never saw it', async () => {
    const { id, act } = await hidden();
    const got = must(200, await act('reinstate', {}, 'editor'));
    expect(got.json()).toMatchObject({ status: 'announced', when: null });
    const told = async () => (await world.get(`/meetings/${id}/history`, 'insider')).text;
    expect(await told()).toContain('Reinstated');
    must(200, await act('postpone', {}, 'editor'));
    must(200, await act('reinstate', { when: { edtf: '2022-05' } }, 'editor'));
    must(200, await act('postpone', {}, 'editor'));
    expect(must(200, await act('reinstate', {}, 'editor')).json()).toMatchObject({
      when: { edtf: '2022-05' },
    });
    expect((await world.get(`/meetings/${id}/history`)).text).not.toContain('2022-03-14');
  });

  test('is restored by those who saw it', async () => {
    const { act } = await hidden();
    const got = must(200, await act('reinstate', {}, 'insider'));
    expect(got.json()).toMatchObject({ when: { edtf: '2022-03-14' } });
  });

  test.each([
    ['postponed', []],
    ['cancelled', [['cancel', {}]]],
  ] as const)('makes no difference to a %s meeting that never had one', async (_, more) => {
    const answers = [];
    const begun = world.clock.ms;
    for (const when of [undefined, { edtf: '2021-03-14' }]) {
      world.clock.ms = begun;
      const { id, act } = await released({ when }, ['postpone', {}], ...more);
      world.clock.ms += DAY_MS;
      const got = must(200, await act('reinstate', {}, 'editor'));
      const moved = { when: { edtf: '2022-06-01' }, statedAt: '2021-11-22' };
      const again = await act('reschedule', moved, 'editor');
      const history = await world.get(`/meetings/${id}/history`, 'editor');
      const stated = await world.get(`/meetings/${id}?statedAsOf=2021-11-23`, 'editor');
      const plain = (text: string) =>
        text.replaceAll(id, 'id').replaceAll(/[0-9a-f-]{36}|2021-11-2\dT[\d:.]+Z/g, '');
      answers.push([got, again, history, stated].map(({ text }) => plain(text)));
    }
    expect(answers[1]).toEqual(answers[0]);
  });
});

describe('what was stated before the release', () => {
  const stated = (...said: readonly [string, object][]) =>
    released({ when: { edtf: '2022-08' }, statedAt: '2021-01-05' }, ...said);
  const revised = ['revise', { title: 'Other talks', statedAt: '2021-03-03' }] as const;

  test.each(['2020-12-31', '2021-01-05', '2021-02-01', '2021-03-03', '2021-11-21'])(
    'is told by no refusal of statedAt %s',
    async (statedAt) => {
      const answers = [];
      for (const { act } of [await stated([...revised]), await stated()]) {
        const got = await act('revise', { title: 'Talks at last', statedAt }, 'editor');
        expect(got.json()).toMatchObject({ status: 409, rule: 'stated-before-first' });
        answers.push(got.json<{ detail: string }>().detail);
      }
      expect(answers[0]).toBe(answers[1]);
      expect(answers[0]).toContain('2021-11-22');
    },
  );

  test('is no bound for those who know it', async () => {
    const { act } = await stated([...revised]);
    const body = { title: 'Talks at last', statedAt: '2021-03-03' };
    must(200, await act('revise', body, 'insider'));
  });

  const statedOf = async (id: string) => {
    const { items } = (await world.get(`/meetings/${id}/history`)).json<{
      items: { statedAt: string }[];
    }>();
    return items.map(({ statedAt }) => statedAt);
  };

  test.each(['editor', 'insider'] as const)('is no default of what the %s corrects', async (as) => {
    const { id, act } = await stated([...revised]);
    must(200, await act('correct', { title: 'Talks', reason: 'misread' }, as));
    expect(await statedOf(id)).toEqual(['2021-01-05', '2021-11-22T08:00:01Z']);
  });

  test('is the default where the release says so itself', async () => {
    const { id, act } = await stated();
    must(200, await act('correct', { title: 'Talks', reason: 'misread' }, 'editor'));
    expect(await statedOf(id)).toEqual(['2021-01-05', '2021-01-05']);
  });
});
