import type { FastifyInstance } from 'fastify';
import { Problem } from './problem.ts';

interface KnownRoute {
  readonly pattern: RegExp;
  readonly methods: Set<string>;
}

/**
 * Remembers the routes as they are added, to tell an address that does not exist (404) from one that does not
 * take the method (405, with Allow; RFC 9110 §15.5.6).
 */
export function rememberRoutes(app: FastifyInstance): (method: string, target: string) => Problem {
  const routes = new Map<string, KnownRoute>();
  app.addHook('onRoute', ({ url, method }) => {
    const known = routes.get(url) ?? { pattern: patternOf(url), methods: new Set() };
    for (const name of [method].flat()) known.methods.add(name);
    routes.set(url, known);
  });
  return (method, target) => {
    const path = target.replace(/[?#].*$/s, '');
    const matching = [...routes.values()].filter(({ pattern }) => pattern.test(path));
    const allow = [...new Set(matching.flatMap(({ methods }) => [...methods]))].sort().join(', ');
    // A route that takes the method has itself found nothing.
    if (allow === '' || matching.some(({ methods }) => methods.has(method))) {
      return new Problem(
        'not-found',
        'there is nothing at this address: /docs lists what there is',
      );
    }
    return new Problem(
      'method-not-allowed',
      `${method} is not taken here: use ${allow}`,
      {},
      { allow },
    );
  };
}

const patternOf = (url: string): RegExp =>
  new RegExp(
    `^${url
      .split(/(:\w+|\*)/)
      .map((part) => {
        if (part === '*') return '.*';
        return part.startsWith(':') ? '[^/.]+' : part.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
      })
      .join('')}$`,
  );
