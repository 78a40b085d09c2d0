import { afterAll, describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/commands.ts';
import { PROBLEMS } from '../../src/http/problem.ts';
import { type OpenApi, type Route, routesOf } from './support/openapi.ts';
import { isFeeds, isTokens } from './support/routes.ts';
import { openWorld } from './support/world.ts';

const world = await openWorld();
const published = await openWorld(() => ({ publicUrl: 'https://calendar.example' }));
afterAll(async () => {
  await world.close();
  await published.close();
});

const document = (await world.get('/openapi.json')).json<OpenApi & Record<string, unknown>>();
const routes = routesOf(document);
const isWriting = ({ operation }: Route) => operation.tags?.includes('Writing') ?? false;

test('says what it is', () => {
  expect(document).toMatchObject({
    openapi: '3.1.0',
    info: { title: 'Chancery', version: '0.0.0-test' },
    servers: [{ url: '/' }],
  });
});

test('names the address at which it is published', async () => {
  expect((await published.get('/openapi.json')).json()).toMatchObject({
    servers: [{ url: 'https://calendar.example' }],
  });
});

test('is the same for every server but for the address', async () => {
  const other = (await published.get('/openapi.json')).json<object>();
  expect({ ...other, servers: document.servers }).toEqual(document);
});

test('has every write of the table of commands', () => {
  const paths = COMMANDS.map(({ path }) => path.replace(/:(\w+)/g, '{$1}'));
  const written = routes.filter(isWriting).map(({ path }) => path);
  expect(written.sort()).toEqual(paths.sort());
});

test('has everything else that the contract names', () => {
  expect(Object.keys(document.paths)).toEqual(
    expect.arrayContaining([
      '/schedule/upcoming',
      '/schedule/past',
      '/meetings',
      '/meetings/{id}',
      '/meetings/{id}/history',
      '/meetings/{id}.ics',
      '/announcements',
      '/announcements/{id}',
      '/announcements/{id}/history',
      '/parties',
      '/tracks',
      '/topics',
      '/places',
      '/changes',
      '/changes.atom',
      '/changes/stream',
      '/events',
      '/calendar.ics',
      '/',
      '/healthz',
      '/readyz',
      '/metrics',
      '/admin/rebuild',
      '/admin/verify',
      '/admin/dead-letters',
      '/tokens',
      '/tokens/{id}',
      '/feeds',
      '/feeds/{id}',
      '/feeds/{id}.ics',
      '/feeds/private/{token}.ics',
      '/feeds/{id}/rotate',
      '/feeds/{id}/revoke',
    ]),
  );
});

describe.each(routes.map((route) => [`${route.method} ${route.path}`, route] as const))(
  '%s',
  (_name, route) => {
    const { path, operation } = route;

    test('says in a sentence what it does, and what an error looks like', () => {
      expect(operation.summary).toMatch(/\S/);
      expect(operation.responses.default?.content).toHaveProperty('application/problem+json');
    });

    test('declares the parameters of its path', () => {
      const declared = (operation.parameters ?? [])
        .filter((p) => p.in === 'path')
        .map((p) => p.name);
      expect(declared).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
    });

    test('declares what it reads from headers', () => {
      const declared = (operation.parameters ?? []).filter((p) => p.in === 'header');
      const repeatable =
        isWriting(route) || ((isTokens(route) || isFeeds(route)) && route.method !== 'get');
      const expected = [
        ...(repeatable ? ['Idempotency-Key'] : []),
        ...(isWriting(route) ? ['If-Match'] : []),
      ];
      expect(declared.map(({ name }) => name)).toEqual(expected);
    });
  },
);

test('no body takes fields that it does not name', () => {
  const bodies = routes.flatMap(({ operation }) =>
    Object.values(operation.requestBody?.content ?? {}).map(({ schema }) => schema),
  );
  expect(bodies.length).toBeGreaterThanOrEqual(COMMANDS.length);
  for (const schema of bodies) expect(schema.additionalProperties).toBe(false);
});

test('reads may be asked with or without a token, writes only with one', () => {
  expect(document.paths['/meetings']?.get?.security).toEqual([{}, { token: [] }]);
  expect(document.paths['/meetings']?.post?.security).toEqual([{ token: [] }]);
});

test('lists every code that a problem may have', () => {
  const { code } = (document.components.schemas.Problem as { properties: Record<string, unknown> })
    .properties;
  expect(code).toMatchObject({ enum: Object.keys(PROBLEMS) });
});

test('every reference leads somewhere', () => {
  const references = [
    ...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g),
  ];
  expect(references.length).toBeGreaterThan(10);
  for (const [, name = ''] of references) expect(document.components.schemas).toHaveProperty(name);
});
