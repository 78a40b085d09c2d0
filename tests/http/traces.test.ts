import fc from 'fast-check';
import { expect, test } from 'vitest';
import { realCalendars } from './support/calendars.ts';
import { getsOf } from './support/routes.ts';
import { type Got, openWorld, START, type Who, type World } from './support/world.ts';
import { must } from './support/writes.ts';

/**
 * Whatever was written, released and restricted, in whatever order: who could not see it finds no trace of it. One
 * world gets every write; the other one none that the viewer could not see, but that an entry's last state before
 * it comes into sight is written in one go just then. All answers of both are the same to the byte. A failure prints the
 * seed and the shortest sequence found.
 */

type Kind = 'meeting' | 'announcement';
type Access = 'public' | 'internal' | 'confidential' | 'embargoed';
type Step =
  | { readonly do: 'title'; readonly entry: number; readonly word: number }
  | { readonly do: 'access'; readonly entry: number; readonly to: Access }
  | { readonly do: 'move'; readonly entry: number; readonly month: number }
  | { readonly do: 'wait'; readonly minutes: number };

const ENTRIES: readonly Kind[] = ['meeting', 'announcement', 'meeting'];
const WORDS = ['Nairobi', 'Backchannel', 'Geneva', 'Astana'];
const entry = fc.nat(ENTRIES.length - 1);
const to = fc.constantFrom<Access>('public', 'public', 'internal', 'embargoed', 'confidential');
const WORD = fc.nat(WORDS.length - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('title' as const), entry, word: WORD }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('access' as const), entry, to }) },
  {
    weight: 1,
    arbitrary: fc.record({
      ...{ do: fc.constant('move' as const), entry, month: fc.integer({ min: 1, max: 9 }) },
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      ...{ do: fc.constant('wait' as const), minutes: fc.integer({ min: 1, max: 90 }) },
    }),
  },
);

const HOUR_MS = 3_600_000;

/** What an entry is like, in both worlds; `hidden`: only the first one has what was last changed. */
interface Model {
  readonly kind: Kind;
  readonly key: string;
  id: string;
  access: Access;
  /** Epoch ms, of one that is embargoed. */
  until: number;
  title: string;
  /** The title that the second world has; undefined: it does not have the entry at all. */
  shown: string | undefined;
}

class Pair {
  readonly #viewer: 0 | 1;
  readonly all: World;
  readonly seen: World;
  readonly #models: Model[] = [];
  #keys = 0;

  constructor(viewer: 0 | 1, all: World, seen: World) {
    this.#viewer = viewer;
    this.all = all;
    this.seen = seen;
  }

  get worlds(): readonly World[] {
    return [this.all, this.seen];
  }

  /** Every entry begins hidden. */
  async begin(): Promise<void> {
    for (const [n, kind] of ENTRIES.entries()) {
      const model: Model = {
        ...{ kind, key: `entry-${n}`, id: '', access: 'confidential' as Access, until: 0 },
        ...{ title: 'First', shown: undefined },
      };
      model.id = await create(this.all, model, 'First');
      this.#models.push(model);
    }
  }

  async take(one: Step): Promise<void> {
    if (one.do === 'wait') return this.#wait(one.minutes * 60_000);
    const model = this.#models[one.entry];
    if (model === undefined) return;
    if (one.do === 'access') await this.#reclassify(model, one.to);
    else if (one.do === 'title') await this.#title(model, WORDS[one.word] ?? '');
    else await this.#move(model, one.month);
  }

  /** An embargo that ends brings its entry into sight: the other world must have its state by then. */
  async #wait(ms: number): Promise<void> {
    const now = this.all.clock.ms;
    for (const model of this.#models) {
      if (model.access === 'embargoed' && model.until <= now + ms) await this.#reveal(model);
    }
    for (const world of this.worlds) world.clock.ms += ms;
  }

  #sees({ access, until }: Model): boolean {
    const open = access === 'embargoed' && until <= this.all.clock.ms;
    const level = { public: 0, internal: 1, confidential: 2, embargoed: open ? 0 : 1 }[access];
    return level <= this.#viewer;
  }

  async #title(model: Model, title: string): Promise<void> {
    if (title === model.title) return;
    model.title = title;
    const key = this.#key();
    await retitle(this.all, model, title, key);
    if (!this.#sees(model)) return;
    await retitle(this.seen, model, title, key);
    model.shown = title;
  }

  /** The date tells when it was set, so it is moved in sight only. */
  async #move(model: Model, month: number): Promise<void> {
    if (model.kind !== 'meeting' || !this.#sees(model)) return;
    const key = this.#key();
    const body = { when: { edtf: `2022-0${month}` }, reason: 'no visas' };
    for (const world of this.worlds) {
      const got = await write(world, `/meetings/${model.id}/reschedule`, body, key);
      expect([200, 409]).toContain(got.status);
    }
  }

  async #reclassify(model: Model, to: Access): Promise<void> {
    const now = this.all.clock.ms;
    const until = now + HOUR_MS;
    const wasSeen = this.#sees(model);
    const before = { access: model.access, until: model.until };
    Object.assign(model, { access: to, until });
    const isSeen = this.#sees(model);
    Object.assign(model, before);
    if (isSeen && !wasSeen) await this.#reveal(model);
    const key = this.#key();
    const body = {
      classification: to === 'embargoed' ? 'public' : to,
      ...(to === 'embargoed' ? { embargoUntil: new Date(until).toISOString() } : {}),
    };
    const got = await write(this.all, `/${model.kind}s/${model.id}/reclassify`, body, key);
    if (got.status === 409) return;
    must(200, got);
    // What it becomes out of sight is for the second world, where it is there, all one: it must be as hidden.
    if (model.shown !== undefined) {
      must(200, await write(this.seen, `/${model.kind}s/${model.id}/reclassify`, body, key));
    }
    Object.assign(model, { access: to, until });
  }

  /** Writes into the second world what the entry is like, out of the viewer's sight. */
  async #reveal(model: Model): Promise<void> {
    if (model.shown === undefined) {
      await create(this.seen, model, model.title);
      model.shown = model.title;
      if (model.access !== 'confidential') await this.#same(model);
    } else if (model.shown !== model.title) {
      await retitle(this.seen, model, model.title, this.#key());
      model.shown = model.title;
    }
  }

  /** Brings the second world's new entry to the access that it has in the first. */
  async #same({ kind, id, access, until }: Model): Promise<void> {
    const body = {
      classification: access === 'embargoed' ? 'public' : access,
      ...(access === 'embargoed' ? { embargoUntil: new Date(until).toISOString() } : {}),
    };
    must(200, await write(this.seen, `/${kind}s/${id}/reclassify`, body, this.#key()));
  }

  #key(): string {
    this.#keys += 1;
    return `step-${this.#keys}`;
  }

  get ids(): readonly string[] {
    return this.#models.map(({ id }) => id);
  }
}

/** As one who sees all; the key makes ids the same in both worlds. */
const write = (world: World, path: string, body: object, key: string): Promise<Got> =>
  world.post(path, body, { 'idempotency-key': key }, 'insider');

async function create(world: World, { kind, key }: Model, title: string): Promise<string> {
  const facts =
    kind === 'meeting'
      ? { form: 'session', when: { edtf: '2022-02' }, topics: ['peace'], statedAt: '2021-11-20' }
      : { kind: 'report', outlet: 'TASS', publishedAt: { value: '2021-11-20' }, language: 'en' };
  // The id comes from the key, and not from what is sent.
  const body = { title, classification: 'confidential', ...facts };
  const got = must(201, await write(world, `/${kind}s`, body, key));
  return got.json<{ id: string }>().id;
}

async function retitle(world: World, { kind, id }: Model, title: string, key: string) {
  const path = kind === 'meeting' ? `/meetings/${id}/revise` : `/announcements/${id}/correct`;
  const body = kind === 'meeting' ? { title } : { title, reason: 'misread' };
  must(200, await write(world, path, body, key));
}

/** Everything of an answer but the moment it was made. */
const answer = ({ status, headers, text }: Got) => ({
  status,
  headers: Object.fromEntries([...headers].filter(([name]) => name !== 'date')),
  text,
});

const QUERIES: Readonly<Record<string, readonly string[]>> = {
  '/meetings': ['?limit=1', '?q=backchannel', '?topic=peace', '?sort=-recordedAt&limit=1'],
  '/announcements': ['?limit=1', '?q=nairobi'],
  '/changes': ['?limit=1', '?q=geneva'],
};

const SKIPPED = (path: string) => path.startsWith('/docs') || path.startsWith('/problems');

async function expectSame(pair: Pair, as: Who | undefined): Promise<void> {
  const { all, seen, ids } = pair;
  const paths = getsOf(all.app)
    .filter((path) => !SKIPPED(path))
    .flatMap((path) => (path.includes(':id') ? ids.map((id) => path.replace(':id', id)) : [path]))
    .flatMap((path) => [path, ...(QUERIES[path] ?? []).map((query) => `${path}${query}`)]);
  const { items } = (await seen.get('/changes?limit=500', as)).json<{
    items: { cursor: string }[];
  }>();
  const cursors = items.map(({ cursor }) => `/changes?after=${cursor}`);
  for (const path of [...paths, ...cursors]) {
    expect(answer(await all.get(path, as)), path).toEqual(answer(await seen.get(path, as)));
  }
}

test.each([
  ['anyone', 0, undefined],
  ['a reader with ceiling internal', 1, 'reader'],
] as const)('%s finds no trace of what was hidden, whatever happened', async (_who, viewer, as) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 20 }), async (steps) => {
      const worlds = await Promise.all([openWorld(realCalendars), openWorld(realCalendars)]);
      for (const world of worlds) world.clock.ms = START;
      const pair = new Pair(viewer, worlds[0], worlds[1]);
      try {
        await pair.begin();
        for (const one of steps) await pair.take(one);
        for (const world of worlds) await world.views.catchUp();
        await expectSame(pair, as);
      } finally {
        for (const world of worlds) await world.close();
      }
    }),
    { numRuns: Number(process.env.TRACE_RUNS ?? 4), verbose: 1 },
  );
});
