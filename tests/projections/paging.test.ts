import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type ListRequest,
  type MeetingFilters,
  type Page,
  UnknownCursor,
} from '../../projections/types.ts';
import { instantMs } from '../../src/domain/date/index.ts';
import { announcePool, DATES } from './support/pool.ts';
import { World } from './support/world.ts';

let world: World;

beforeEach(async () => {
  world = await World.open();
});
afterEach(() => world.close());

type Given = Partial<ListRequest<MeetingFilters>>;

const request = fc.record<Given>(
  {
    sort: fc.constantFrom('latest', '-latest', 'recordedAt', '-recordedAt'),
    side: fc.constantFrom('upcoming', 'past'),
    nowMs: fc.constantFrom(
      ...['2021-11-22T11:00:00Z', '2021-11-21T20:00:00Z', '2022-01-01T00:00:00Z'].map(instantMs),
    ),
    filters: fc.constantFrom<MeetingFilters>(
      { status: ['announced', 'merged', 'withdrawn'] },
      { precision: ['day', 'month'] },
      { from: '2021-11-22' },
      { q: ['session'] },
    ),
  },
  { requiredKeys: [] },
);
const limits = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });

interface Pages {
  read(limit: number, cursor: string | undefined): Page<{ readonly id: string }>;
  readonly sizes: readonly number[];
  /** Runs between pages. */
  meanwhile?(): Promise<unknown>;
}

/** The ids of all pages, each of the next of the sizes, which repeat. */
async function allOf({ read, sizes, meanwhile }: Pages): Promise<string[]> {
  const seen: string[] = [];
  let cursor: string | undefined;
  for (let page = 0; ; page += 1) {
    const limit = sizes[page % sizes.length] ?? 1;
    const { items, next } = read(limit, cursor);
    seen.push(...items.map(({ id }) => id));
    if (next === null) return seen;
    expect(items).toHaveLength(limit);
    cursor = next;
    await meanwhile?.();
  }
}

const from = (cursor: string | undefined) => (cursor === undefined ? {} : { cursor });
const meetings = (given: Given) => (limit: number, cursor: string | undefined) =>
  world.list({ ...given, limit, ...from(cursor) });

describe('pages', () => {
  it('together are the whole list, whatever their sizes', async () => {
    await announcePool(world);
    await fc.assert(
      fc.asyncProperty(request, limits, async (given, sizes) => {
        expect(await allOf({ read: meetings(given), sizes })).toEqual(world.ids(given));
      }),
      { numRuns: 150 },
    );
  });

  it('neither lose nor repeat what did not change while others are announced', async () => {
    await announcePool(world);
    let made = 0;
    await fc.assert(
      fc.asyncProperty(
        request,
        limits,
        fc.array(fc.constantFrom(...DATES), { minLength: 1, maxLength: 4 }),
        async (given, sizes, dates) => {
          const before = world.ids(given);
          const pending = [...dates];
          const meanwhile = () => {
            made += 1;
            return world.announce(`new-${made}`, { when: pending.pop() });
          };
          const seen = await allOf({ read: meetings(given), sizes, meanwhile });
          expect(new Set(seen).size).toBe(seen.length);
          expect(seen.filter((id) => before.includes(id))).toEqual(before);
        },
      ),
      { numRuns: 12 },
    );
  });

  it('go on after a meeting that has moved away', async () => {
    for (const id of ['a', 'b', 'c']) await world.announce(id, { when: { edtf: '2022-08-01' } });
    const first = world.list({ limit: 2 });
    await world.reschedule('b', '2022-01-01');
    expect(world.ids({ limit: 2, cursor: first.next ?? '' })).toEqual(['c']);
  });

  it.each(['latest', '-latest', 'recordedAt', '-recordedAt'] as const)(
    'of announcements are the whole list too, by %s',
    async (sort) => {
      const days = ['2021-11-20', '2021-11-21', '2021-11-21T00:00:00Z', '2021-11-21T07:00:00Z'];
      for (const [index, value] of [...days, ...days].entries()) {
        await world.publish(`r${index}`, { publishedAt: { value } });
      }
      const read = (limit: number, cursor: string | undefined) =>
        world.queries.listAnnouncements({
          ...{ reader: world.reader(0), filters: {}, nowMs: world.now, limit, sort },
          ...from(cursor),
        });
      const seen = await allOf({ read, sizes: [3] });
      expect(seen).toEqual(world.reports({ sort }));
      expect(seen).toHaveLength(8);
    },
  );
});

describe('a cursor that is none', () => {
  it.each([
    ['', 'latest'],
    ['x', 'latest'],
    ['0~1~2', 'latest'],
    ['7~0~1~2~a', 'latest'],
    ['0~0~x~2~a', 'latest'],
    ['0~0~1e300~2~a', 'latest'],
    ['length~0~1~2~a', '-latest'],
    ['0~2021-11-22T08:00:00Z~a', 'recordedAt'],
  ] as const)('is refused: %j', async (cursor, sort) => {
    await world.announce('a');
    expect(() => world.list({ cursor, sort })).toThrow(UnknownCursor);
  });
});
