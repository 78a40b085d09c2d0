import { afterAll, describe, expect, test } from 'vitest';
import { realCalendars } from './support/calendars.ts';
import { getsOf, readsOf } from './support/routes.ts';
import {
  FEEDS,
  type Got,
  MEETING,
  openWorld,
  REPORT,
  type Who,
  type World,
} from './support/world.ts';
import { must } from './support/writes.ts';

/**
 * What a caller may not see leaves no trace: of two worlds that differ only in that, every answer is the same
 * to the byte. Keys, ids and the clock are given, so that what is visible is the same in both.
 */

const DAY = 86_400_000;

/** Writes as the insider, who sees all; the key makes the ids of events the same in every world. */
async function write(world: World, path: string, body: object, key: string): Promise<string> {
  const got = await world.post(path, body, { 'idempotency-key': key }, 'insider');
  must(path === '/meetings' || path === '/announcements' ? 201 : 200, got);
  return got.json<{ id: string }>().id;
}

const first = { ...MEETING, basedOn: [REPORT.id] };
const second = {
  id: 'astana-summit-iran',
  title: 'Astana format summit',
  form: 'summit',
  when: { edtf: '2022-03-21/2022-03-25' },
  participants: [{ name: 'Iran', role: 'host' }],
  topics: ['astana'],
  classification: 'public',
};
const third = {
  id: 'tehran-talks',
  title: 'Tehran talks',
  form: 'bilateral',
  classification: 'public',
};
/** Claims on meetings that may be hidden, or may not be there at all. */
const claims = ['hidden-meeting', MEETING.id].map((meeting, n) => ({
  id: `c${n}`,
  meeting,
  field: 'status',
  value: 'announced',
}));

const SHOWN: readonly (readonly [path: string, body: object])[] = [
  ['/announcements', { ...REPORT, claims, about: ['hidden-meeting'] }],
  ['/meetings', first],
  ['/meetings', second],
  [`/meetings/${MEETING.id}/reschedule`, { when: { edtf: '2022-09' }, reason: 'no visas' }],
  ['/meetings', third],
  [`/meetings/${third.id}/merge`, { into: second.id }],
  [`/announcements/${REPORT.id}/correct`, { topics: ['geneva'], reason: 'left out' }],
];

const WORDS = 'Nairobi backchannel';

/** A hidden entry of every kind: with dates on both sides of now, shared and own values, and a history. */
async function hide(world: World, access: Record<string, string>): Promise<void> {
  const confidential = access.classification === 'confidential';
  const id = (chosen: string) => ({ id: confidential ? undefined : chosen });
  let keys = 0;
  const add = (path: string, body: object) => {
    keys += 1;
    return write(world, path, body, `hidden-${keys}`);
  };
  const source = await add('/announcements', {
    ...REPORT,
    ...id('hidden-report'),
    title: WORDS,
    outlet: 'Hidden outlet',
    about: [MEETING.id],
    claims,
    speakers: [{ name: 'Ali Asghar Khaji', party: 'khaji' }],
    ...access,
  });
  const meeting = await add('/meetings', {
    ...MEETING,
    ...id('hidden-meeting'),
    title: WORDS,
    when: { start: '2021-11-22T11:00', end: '2021-11-22T12:00', timezone: 'Europe/Zurich' },
    place: { name: 'Nairobi', country: 'KE' },
    participants: [{ name: 'Ali Asghar Khaji', party: 'khaji' }],
    topics: ['constitution', 'hidden-topic'],
    track: 'hidden-track',
    basedOn: [source, REPORT.id],
    ...access,
  });
  const path = `/meetings/${meeting}`;
  await add(`${path}/reschedule`, { when: { edtf: '2021-11' }, basedOn: [source] });
  await add(`${path}/postpone`, { reason: 'hidden reason' });
  const double = await add('/meetings', {
    title: WORDS,
    form: 'visit',
    ...id('hidden-double'),
    ...access,
  });
  await add(`/meetings/${double}/merge`, { into: MEETING.id });
  const lost = await add('/meetings', {
    title: WORDS,
    form: 'visit',
    ...id('hidden-lost'),
    ...access,
  });
  await add(`/meetings/${lost}/withdraw`, { reason: 'hidden reason' });
  await add(`/announcements/${source}/retract`, { reason: 'hidden reason' });
}

/** The visible facts, and between them, when there is something to hide, that. */
async function worldOf(access?: Record<string, string>): Promise<World> {
  // Fetches are counted for the caller of one test and not of another.
  const world = await openWorld((deps) => ({
    ...realCalendars(deps),
    feeds: { ...deps.feeds, used: () => {} },
  }));
  for (const [n, [path, body]] of SHOWN.entries()) {
    world.clock.ms += 60_000;
    await write(world, path, body, `shown-${n}`);
    if (access === undefined || n === 0) continue;
    if (n === 1) await hide(world, access);
    else await write(world, '/meetings', { title: WORDS, form: 'visit', ...access }, `later-${n}`);
  }
  world.clock.ms += 60_000;
  return world;
}

const IDS = [
  MEETING.id,
  second.id,
  third.id,
  'hidden-meeting',
  'hidden-double',
  'hidden-lost',
  'none',
];
const REPORTS = [REPORT.id, 'hidden-report', 'none'];

/** Values of each parameter that would find what is hidden, or count it. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  from: ['2021-11-01', '2021-11-22T00:00:00Z'],
  to: ['2021-11-30', '2022-12-31T00:00:00Z'],
  certain: ['true'],
  participant: ['khaji', 'iran'],
  country: ['KE', 'CH'],
  place: ['nairobi', 'geneva'],
  track: ['hidden-track', MEETING.track],
  topic: ['hidden-topic', 'constitution', 'geneva'],
  form: ['visit', 'session'],
  status: ['postponed', 'merged', 'withdrawn'],
  precision: ['time', 'month'],
  q: ['backchannel', 'committee'],
  limit: ['1', '2'],
  now: ['2021-11-22T11:30:00Z', '2022-10-01T00:00:00Z'],
  by: ['meeting', 'track'],
  cancelled: ['label'],
  postponed: ['tentative'],
  approx: ['marker'],
  past: ['30', 'all'],
  asOf: ['2021-11-22T11:30:00Z', '2021-11-23'],
  statedAsOf: ['2021-11-22', '2021-12-31'],
  sort: ['latest', '-latest', 'recordedAt', '-recordedAt', 'days', 'moves'],
  meeting: ['hidden-meeting', MEETING.id],
  outlet: ['Hidden outlet', REPORT.outlet],
  kind: ['report'],
  speaker: ['khaji', 'Ali Asghar Khaji'],
};
/** Cursors are taken from the answers; `seen` waits for an event that the caller has been told of. */
const TOLD = ['cursor', 'after', 'seen'];

/** Addresses of a route: at the visible entries, at the hidden ones, and at none. */
function pathsOf(route: string): string[] {
  const path = route.replace(':code', 'gone').replace('*', 'swagger-ui.css');
  if (path.startsWith('/feeds'))
    return [path.replace(':id', FEEDS.open).replace(':token', FEEDS.token)];
  const ids = path.startsWith('/announcements') ? REPORTS : IDS;
  return path.includes(':id') ? ids.map((id) => path.replace(':id', id)) : [path];
}

/** Of every parameter that the document has for it. Files of the documentation take none. */
function queriesOf(route: string): string[] {
  const listed = route.replace(/:(\w+)/g, '{$1}');
  const operation = documented.find(({ path }) => path === listed)?.operation;
  const names = (operation?.parameters ?? []).filter((p) => p.in === 'query').map((p) => p.name);
  const queries = names.flatMap((name) =>
    (VALUES[name] ?? []).map((value) => `?${name}=${encodeURIComponent(value)}`),
  );
  return ['', ...queries];
}

/** Everything of an answer but the moment it was made. */
const seen = ({ status, headers, text }: Got) => ({
  status,
  headers: Object.fromEntries([...headers].filter(([name]) => name !== 'date')),
  text,
});

const plain = await worldOf();
afterAll(() => plain.close());
const documented = readsOf(plain);
/** Not a list: what the router of the running app takes. */
const routes = getsOf(plain.app);

/** Answers of the world with nothing to hide, asked for once for each caller. */
const plainly = new Map<string, Promise<ReturnType<typeof seen>>>();
function fromPlain(path: string, as?: Who): ReturnType<typeof plainly.get> {
  const key = `${as} ${path}`;
  if (!plainly.has(key)) plainly.set(key, plain.get(path, as).then(seen));
  return plainly.get(key);
}

interface Changes {
  readonly items: readonly { readonly cursor: string }[];
}
const changesOf = async (world: World, as?: Who) =>
  (await world.get('/changes?limit=500', as)).json<Changes>().items.map(({ cursor }) => cursor);

const NOBODY = undefined as Who | undefined;
const tomorrow = new Date(Date.parse('2021-11-22T08:00:00Z') + DAY).toISOString();

describe.each([
  ['an internal entry', 'anyone', NOBODY, { classification: 'internal' }],
  ['a confidential entry', 'anyone', NOBODY, { classification: 'confidential' }],
  ['an embargoed entry', 'anyone', NOBODY, { classification: 'public', embargoUntil: tomorrow }],
  ['a confidential entry', 'a reader', 'reader' as const, { classification: 'confidential' }],
  ['a confidential entry', 'an editor', 'editor' as const, { classification: 'confidential' }],
])('%s, for %s,', async (_what, _whom, as, access) => {
  const hiding = await worldOf(access);
  afterAll(() => hiding.close());

  const expectSame = async (path: string) => {
    expect(seen(await hiding.get(path, as)), path).toEqual(await fromPlain(path, as));
  };

  test('is there', async () => {
    const { items } = (await hiding.get('/meetings?q=backchannel', 'insider')).json<Changes>();
    expect(items.length).toBeGreaterThan(1);
  });

  test.each(routes)('leaves no trace at %s', async (route) => {
    for (const path of pathsOf(route)) {
      for (const query of queriesOf(route)) await expectSame(`${path}${query}`);
    }
  });

  test('leaves no gap in the changes after any of them', async () => {
    const cursors = await changesOf(plain, as);
    expect(cursors.length).toBeGreaterThan(4);
    for (const cursor of cursors) await expectSame(`/changes?after=${cursor}`);
  });

  test('has no event that is a cursor', async () => {
    const shown = await changesOf(plain, as);
    const hidden = (await changesOf(hiding, 'insider')).filter((cursor) => !shown.includes(cursor));
    expect(hidden.length).toBeGreaterThan(5);
    for (const cursor of hidden) await expectSame(`/changes?after=${cursor}`);
  });

  test('has no event that can be waited for', async () => {
    const shown = await changesOf(plain, as);
    const hidden = (await changesOf(hiding, 'insider')).filter((cursor) => !shown.includes(cursor));
    const told = hidden.slice(0, 2);
    const paths = ['/meetings', '/changes', '/calendar.ics', '/', '/parties'];
    // At once: each waits until its time is over.
    await Promise.all(
      paths.flatMap((path) => told.map((cursor) => expectSame(`${path}?seen=${cursor}`))),
    );
  });
});

test('every route of the router is one of the document, or of the pages that show it', () => {
  const listed = documented.map(({ path }) => path.replace(/\{(\w+)\}/g, ':$1'));
  const others = routes.filter((route) => !listed.includes(route));
  expect(others.filter((route) => !route.startsWith('/docs'))).toEqual([]);
  expect(listed.filter((route) => !routes.includes(route))).toEqual([]);
  expect(others.length).toBeGreaterThan(2);
});

test('every parameter of every read is tried', () => {
  const names = documented.flatMap(({ operation }) =>
    (operation.parameters ?? []).filter((p) => p.in === 'query').map((p) => p.name),
  );
  expect([...new Set(names)].sort()).toEqual([...Object.keys(VALUES), ...TOLD].sort());
});
