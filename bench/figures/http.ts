import { type Context, type Figure, type Goal, type Group, interleaved } from '../harness.ts';
import { httpGet } from '../http-get.ts';
import type { FloorServerJob } from '../jobs/floor-server.ts';
import type { LoadJob } from '../jobs/load.ts';
import { sizedName } from '../options.ts';
import { Job } from '../processes.ts';
import { serveLog } from './serving.ts';

interface Load {
  readonly connections: number;
  readonly seconds: number;
}

/** What one figure asks for. */
interface Subject {
  readonly name: string;
  readonly paths: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  /** What the floor sends; default: the first of `paths`. */
  readonly typical?: string;
  readonly status?: number;
  /** A path of ours that it is measured against, instead of the floor. */
  readonly against?: string;
  /** Connections and seconds of a round; default 10 and 1. */
  readonly load?: Load;
  readonly goal?: Goal;
}

const LIST: Goal = { ratio: 0.5, aim: 0.6 };
const FEED: Goal = { ratio: 0.8, aim: 0.9 };
const ROUNDS = 5;
const USUAL: Load = { connections: 10, seconds: 1 };
/** Megabytes an answer: few at a time, and long enough for many. */
const LARGE: Load = { connections: 4, seconds: 2 };

const LISTS = [
  'list-upcoming-cached',
  'list-upcoming-uncached',
  'list-filtered-cached',
  'list-filtered-uncached',
  'meeting',
] as const;

/** Pages and one meeting over HTTP, on the whole log. */
export const lists: Group = {
  names: LISTS,
  run: async (context) => {
    await using serving = await serveLog(context, await context.workspace.log('main'));
    const [upcoming, upcomingNew, filtered, filteredNew, meeting] = LISTS;
    const some = '/meetings?country=CH&topic=water&limit=50';
    const pages = await pagesOf(serving.url, some);
    const first = await itemsOf(serving.url, '/schedule/upcoming');
    return await measure(context, serving.url, [
      { name: upcoming, paths: ['/schedule/upcoming'], goal: LIST },
      {
        ...{ name: upcomingNew, paths: ['/schedule/upcoming?now={now}'], goal: LIST },
        typical: '/schedule/upcoming',
      },
      { name: filtered, paths: [some], goal: LIST },
      { ...{ name: filteredNew, paths: pages.map(withNewNow), goal: LIST }, typical: some },
      { name: meeting, paths: [`/meetings/${first[0]?.id}`] },
    ]);
  },
};

const PAST = ['list-as-of', 'list-filtered-as-of', 'list-stated-as-of'] as const;
/** Answers that nobody has asked for before, all of them. */
const TIME_TRAVEL: Goal = { ratio: 0.5 };

/** Pages as of another day, against the same pages of today. */
export const pastLists: Group = {
  names: PAST,
  run: async (context) => {
    await using serving = await serveLog(context, await context.workspace.log('main'));
    const [asOf, filtered, stated] = PAST;
    const some = 'country=CH&topic=water&limit=50';
    return await measure(context, serving.url, [
      {
        ...{ name: asOf, paths: ['/schedule/upcoming?asOf={then}'], goal: TIME_TRAVEL },
        ...{ typical: '/schedule/upcoming', against: '/schedule/upcoming?now={now}' },
      },
      {
        ...{ name: filtered, paths: [`/meetings?${some}&asOf={then}`], goal: TIME_TRAVEL },
        ...{ typical: `/meetings?${some}`, against: `/meetings?${some}&now={now}` },
      },
      {
        ...{ name: stated, paths: ['/meetings?statedAsOf=2026-08-31&now={now}'] },
        ...{ goal: TIME_TRAVEL, typical: '/meetings', against: '/meetings?now={now}' },
      },
    ]);
  },
};

const FEEDS = ['feed-cached', 'feed-cached-gzip', 'feed-304'] as const;

/** A feed over HTTP. */
export const feeds: Group = {
  names: FEEDS,
  run: async (context) => {
    const figures: Figure[] = [];
    for (const entries of context.entries) figures.push(...(await measureFeed(context, entries)));
    return figures;
  },
};

async function measureFeed(context: Context, entries: number): Promise<Figure[]> {
  await using serving = await serveLog(context, await context.workspace.feedLog(entries));
  const [plain, zipped, unchanged] = FEEDS;
  const paths = ['/calendar.ics'];
  const { headers } = await httpGet(`${serving.url}/calendar.ics`);
  const ifNoneMatch = { 'if-none-match': headers.etag ?? '' };
  const figures = await measure(context, serving.url, [
    { name: plain, paths, load: LARGE, goal: FEED },
    { name: zipped, paths, headers: { 'accept-encoding': 'gzip' }, load: LARGE, goal: FEED },
    { name: unchanged, paths, headers: ifNoneMatch, status: 304, goal: { ratio: 0.8 } },
  ]);
  return figures.map((figure) => ({ ...figure, name: sizedName(figure.name, entries) }));
}

/** Requests a second of ours and of the floor, which sends the same bytes. */
async function measure(context: Context, url: string, all: readonly Subject[]): Promise<Figure[]> {
  const subjects = all.filter(({ name }) => context.wants(name));
  await using floorServer = new Job<FloorServerJob>('floor-server');
  await using load = new Job<LoadJob>('load');
  const floorUrl = await floorServer.ask(
    'open',
    subjects.map(({ name, paths, typical = paths[0], headers = {} }) => ({
      path: `/${name}`,
      url: url + typical,
      headers,
    })),
  );
  const figures: Figure[] = [];
  for (const subject of subjects) {
    const {
      name,
      paths,
      headers = {},
      status = 200,
      goal,
      against,
      load: amount = USUAL,
    } = subject;
    context.say(name);
    const run = (base: string, asked: readonly string[]) => () =>
      load.ask('run', {
        ...{ url: base, paths: asked, headers, expect: status },
        ...amount,
      });
    // The floor's paths vary as ours do: making new ones costs the load generator time.
    const query = paths[0]?.includes('{now}') ? '?now={now}' : '';
    const floorRun =
      against === undefined ? run(floorUrl, [`/${name}${query}`]) : run(url, [against]);
    const measures = { ours: run(url, paths), floor: floorRun };
    await interleaved(measures, 1); // warms both up
    const { ours, floor } = await interleaved(measures, ROUNDS);
    figures.push({
      ...{ name, value: ours, unit: 'requests/s', floor },
      floorName: against === undefined ? 'F2' : 'of today',
      ...(goal === undefined ? {} : { goal }),
    });
  }
  return figures;
}

async function itemsOf(base: string, path: string): Promise<readonly { readonly id: string }[]> {
  return JSON.parse((await httpGet(base + path)).body.toString()).items;
}

/** The addresses of all full pages of a list. */
async function pagesOf(base: string, first: string): Promise<string[]> {
  const pages: string[] = [];
  for (let path: string | null = first; path !== null; ) {
    const page = JSON.parse((await httpGet(base + path)).body.toString());
    if (page.next !== null || pages.length === 0) pages.push(path);
    path = page.next;
  }
  return pages;
}

/** The same page at an instant that nobody has asked for. */
const withNewNow = (path: string): string =>
  `${path.replace(/([?&])now=[^&]*&?/, '$1').replace(/[?&]$/, '')}&now={now}`;
