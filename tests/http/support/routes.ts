import type { FastifyInstance } from 'fastify';
import { MEETING, REPORT } from './facts.ts';
import { type Route, routesOf } from './openapi.ts';
import { type Ask, FEEDS, type World } from './world.ts';

/** Every GET of the OpenAPI document, so that no test forgets one. */
export const readsOf = ({ checker }: World): Route[] =>
  routesOf(checker.document).filter(({ method }) => method === 'get');

/** `│   ├── /:id (GET, HEAD)`: how deep, what is added to the path, and the methods. */
const TREE_LINE = /^((?:│ {3}| {4})*)(?:├──|└──) (.*?)(?: \(([A-Z, ]+)\))?$/;

/** The path of every GET that the running app takes, as its router says: `/meetings/:id`. */
export function getsOf(app: FastifyInstance): string[] {
  const above: string[] = [];
  const gets: string[] = [];
  for (const line of app.printRoutes({ commonPrefix: false }).split('\n')) {
    const [, indent, part = '', methods = ''] = TREE_LINE.exec(line) ?? [];
    if (indent === undefined) continue;
    const depth = indent.length / 4;
    const path = `${depth === 0 ? '' : above[depth - 1]}${part}`;
    above.splice(depth, above.length, path);
    if (methods.split(', ').includes('GET')) gets.push(path);
  }
  return gets;
}

/** A path of the route at which there is something to see. */
export function exampleOf({ path }: Route): string {
  if (isTokens({ path })) return path.replace('{id}', 'bootstrap');
  if (isFeeds({ path })) return path.replace('{id}', FEEDS.open).replace('{token}', FEEDS.token);
  const id = path.startsWith('/announcements') ? REPORT.id : MEETING.id;
  return path.replace('{id}', id).replace('{code}', 'gone');
}

/** What is read from the view of feeds, and not from the calendar's alone. */
export const isFeeds = ({ path }: Pick<Route, 'path'>): boolean => path.startsWith('/feeds');

/** Whether nobody gets anything there without a token. */
export const wantsToken = ({ operation }: Route): boolean =>
  (operation.security ?? []).length > 0 &&
  (operation.security ?? []).every((scheme) => 'token' in scheme);

/** Asks for the route as one who may see it. */
export const askAt = (world: World, route: Route, ask: Ask = {}, query = '') =>
  world.ask(`${exampleOf(route)}${query}`, {
    ...(wantsToken(route) ? { as: 'admin' } : {}),
    ...ask,
  });

/** What is about this moment, and what is a stream: nothing to keep and ask for again. */
export const UNCACHED: readonly string[] = [
  '/healthz',
  '/readyz',
  '/metrics',
  '/events',
  '/changes/stream',
  '/admin/rebuild',
  '/admin/dead-letters',
  '/tokens',
  '/tokens/{id}',
];

/** What is read from the view of tokens, and not from the calendar's. */
export const isTokens = ({ path }: Pick<Route, 'path'>): boolean => path.startsWith('/tokens');

export const isCalendar = ({ path }: Route): boolean => path.endsWith('.ics');
export const isPage = ({ path }: Route): boolean => path === '/' || path.startsWith('/problems/');

/** For `test.each`: the path first, for the title. */
export const named = (routes: readonly Route[]) =>
  routes.map((route) => [route.path, route] as const);
