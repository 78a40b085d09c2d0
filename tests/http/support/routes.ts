import { MEETING, REPORT } from './facts.ts';
import { type Route, routesOf } from './openapi.ts';
import type { Ask, World } from './world.ts';

/** Every GET of the OpenAPI document, so that no test forgets one. */
export const readsOf = ({ checker }: World): Route[] =>
  routesOf(checker.document).filter(({ method }) => method === 'get');

/** A path of the route at which there is something to see. */
export function exampleOf({ path }: Route): string {
  if (isTokens({ path })) return path.replace('{id}', 'bootstrap');
  const id = path.startsWith('/announcements') ? REPORT.id : MEETING.id;
  return path.replace('{id}', id).replace('{code}', 'gone');
}

/** Whether nobody gets anything there without a token. */
export const wantsToken = ({ operation }: Route): boolean =>
  operation.security?.every((scheme) => 'token' in scheme) ?? false;

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
