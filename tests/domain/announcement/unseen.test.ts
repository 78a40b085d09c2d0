import { describe, expect, test } from 'vitest';
import type { AnnouncementFacts, Claim } from '../../../events/announcement.ts';
import { LIMITS } from '../../../events/values.ts';
import { type AnnouncementState, decide, evolve } from '../../../src/domain/announcement/index.ts';
import { Rejected } from '../../../src/domain/rules.ts';

/** What a writer does not see of the lists that they replace. */

const claim = (id: string, meeting: string, value = 'Talks'): Claim => ({
  ...{ id, meeting, field: 'title', value },
});
const FACTS: AnnouncementFacts = {
  ...{ title: 'Report', kind: 'report', outlet: 'TASS', language: 'en', classification: 'public' },
  publishedAt: { value: '2021-11-21', basis: 'stated' },
  ...{ speakers: [], topics: [] },
  about: ['seen', 'hidden', 'other'],
  claims: [claim('a', 'hidden'), claim('b', 'seen'), claim('c', 'hidden')],
};
const unseen = new Set(['hidden']);

type Lists = Partial<Pick<AnnouncementFacts, 'about' | 'claims'>>;

function corrected(changes: Lists, facts = FACTS): Lists {
  const state: AnnouncementState = { status: 'published', facts };
  const context = { now: Date.UTC(2021, 10, 22), unseen };
  const [event] = decide({ type: 'correct', changes, reason: 'misread' }, state, context);
  if (event === undefined) throw new Error('nothing was decided');
  const after = evolve(state, event);
  if (after.status === 'none') throw new Error('the announcement is gone');
  const { about, claims } = after.facts;
  return {
    ...(changes.about === undefined ? {} : { about }),
    ...(changes.claims === undefined ? {} : { claims }),
  };
}

const ruleOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof Rejected) return error.rule;
    throw error;
  }
  return 'accepted';
};

describe('a list that is replaced', () => {
  test('keeps what the writer does not see, where it was', () => {
    expect(corrected({ about: [], claims: [] })).toEqual({
      about: ['hidden'],
      claims: [claim('a', 'hidden'), claim('c', 'hidden')],
    });
    expect(corrected({ about: ['new', 'other', 'last'] })).toEqual({
      about: ['new', 'hidden', 'other', 'last'],
    });
    expect(corrected({ claims: [claim('b', 'seen', 'New'), claim('d', 'seen')] })).toEqual({
      claims: [
        ...[claim('a', 'hidden'), claim('b', 'seen', 'New'), claim('c', 'hidden')],
        claim('d', 'seen'),
      ],
    });
  });

  test.each<[string, Lists]>([
    ['what it names', { about: ['seen', 'other'] }],
    ['what it claims', { claims: [claim('b', 'seen')] }],
    ['both', { about: ['seen', 'other'], claims: [claim('b', 'seen')] }],
  ])('by what the writer saw of it is a correction without change: %s', (_, changes) => {
    expect(ruleOf(() => corrected(changes))).toBe('nothing-changes');
  });

  test('is one although it is the same, when the writer sent what they do not see', () => {
    expect(corrected({ about: ['seen', 'hidden', 'other'] })).toEqual({ about: FACTS.about });
    expect(corrected({ claims: [...FACTS.claims] })).toEqual({ claims: FACTS.claims });
    expect(corrected({ claims: [claim('b', 'seen'), claim('c', 'hidden', 'New')] })).toEqual({
      claims: [claim('a', 'hidden'), claim('b', 'seen'), claim('c', 'hidden', 'New')],
    });
  });

  test('gives the writer the ids that they chose', () => {
    const first = corrected({ claims: [claim('a', 'seen'), claim('a-2', 'seen')] });
    expect(first.claims?.map(({ id, meeting }) => `${id} ${meeting}`)).toEqual([
      ...['a-3 hidden', 'a seen', 'c hidden', 'a-2 seen'],
    ]);
    const long = 'x'.repeat(LIMITS.id);
    const second = corrected(
      { claims: [claim(long, 'seen')] },
      { ...FACTS, claims: [claim(long, 'hidden')] },
    );
    expect(second.claims?.map(({ id }) => id)).toEqual([`${'x'.repeat(LIMITS.id - 2)}-2`, long]);
  });

  test('has room for as many as may be sent', () => {
    const full = Array.from({ length: LIMITS.about }, (_, i) => `m${i}`);
    expect(corrected({ about: full }).about).toHaveLength(LIMITS.about + 1);
    const hidden = Array.from({ length: LIMITS.about }, (_, i) => claim(`h${i}`, 'hidden'));
    const own = full.map((id) => claim(id, 'seen'));
    const facts = { ...FACTS, claims: hidden };
    expect(corrected({ claims: own }, facts).claims).toHaveLength(2 * LIMITS.claims);
    const more = { ...FACTS, claims: [...hidden, claim('more', 'hidden')] };
    expect(ruleOf(() => corrected({ claims: own }, more))).toBe('too-many-claims');
  });
});
