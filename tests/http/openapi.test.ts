import { afterAll, describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/commands.ts';
import { PROBLEMS } from '../../src/http/problem.ts';
import { type JsonSchema, type OpenApi, type Route, routesOf } from './support/openapi.ts';
import { isFeeds, isTokens, wantsToken } from './support/routes.ts';
import { MEETING, openWorld } from './support/world.ts';
import { must } from './support/writes.ts';

const world = await openWorld();
const published = await openWorld(() => ({ publicUrl: 'https://calendar.example' }));
afterAll(async () => {
  await world.close();
  await published.close();
});

const document = (await world.get('/openapi.json')).json<OpenApi & Record<string, unknown>>();
const routes = routesOf(document);
const isWriting = ({ operation }: Route) => operation.tags?.includes('Writing') ?? false;

/** The headers of requests that mean something to a route. */
function headersOf(route: Route): string[] {
  const { method, path, operation } = route;
  const isRepeatable =
    isWriting(route) || ((isTokens(route) || isFeeds(route)) && method !== 'get');
  const isConditional = operation.responses[304] !== undefined;
  return [
    ...(isRepeatable ? ['Idempotency-Key'] : []),
    ...(isWriting(route) && path.includes('{id}') ? ['If-Match'] : []),
    ...(path === '/changes/stream' ? ['Last-Event-ID'] : []),
    ...(isConditional ? ['If-None-Match'] : []),
  ];
}

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
      expect(declared.map(({ name }) => name)).toEqual(headersOf(route));
    });
  },
);

test('calls every operation by a name of its own', () => {
  const names = routes.map(({ operation }) => operation.operationId);
  expect(new Set(names).size).toBe(routes.length);
  for (const name of names) expect(name).toMatch(/^[a-z][A-Za-z]+$/);
});

test('says of every operation who may ask, and of what kind it is', () => {
  const tags = (document.tags as { name: string }[]).map(({ name }) => name);
  for (const { operation } of routes) {
    expect(tags).toEqual(expect.arrayContaining([...(operation.tags ?? ['none'])]));
  }
});

test('wants a token where one is wanted', async () => {
  const isPlain = ({ method, path }: Route) => method === 'get' && !path.includes('{');
  for (const route of routes.filter(isPlain)) {
    const { status } = await world.get(route.path);
    expect([route.path, status === 401]).toEqual([route.path, wantsToken(route)]);
  }
  expect(routes.filter(({ operation }) => operation.security === undefined)).toEqual([]);
});

test('has no schema that nothing uses', () => {
  const text = JSON.stringify(document);
  const names = Object.keys(document.components.schemas);
  const unused = names.filter((name) => !text.includes(`"#/components/schemas/${name}"`));
  expect(unused).toEqual([]);
  expect(names.filter((name) => name.endsWith('Input'))).toEqual([]);
});

describe('says in words that generators know', () => {
  const schemas: JsonSchema[] = [];
  const collect = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    schemas.push(value as JsonSchema);
    for (const part of Object.values(value)) collect(part);
  };
  collect(document);
  const isNull = (schema: unknown) => (schema as JsonSchema).type === 'null';

  test.each([
    ['a list of two as a list', ({ prefixItems }: JsonSchema) => prefixItems !== undefined],
    ['what may be null', ({ anyOf }: JsonSchema) => Array.isArray(anyOf) && anyOf.some(isNull)],
    [
      'a date or instant as one text',
      ({ anyOf }: JsonSchema) =>
        Array.isArray(anyOf) && anyOf.filter(({ format }) => format).length > 1,
    ],
    ['an address as it is taken', ({ format }: JsonSchema) => format === 'uri'],
    [
      'a number without bounds that nobody set',
      ({ maximum }: JsonSchema) => maximum === Number.MAX_SAFE_INTEGER,
    ],
  ])('%s', (_, isOther) => {
    expect(schemas.length).toBeGreaterThan(1_000);
    expect(schemas.filter(isOther)).toEqual([]);
  });
});

test('a body is required where one of its fields is', async () => {
  const needs = ({ path }: Route) => document.paths[path]?.post?.requestBody?.required;
  const one = (path: string) =>
    routes.find((route) => route.path === path && route.method === 'post');
  expect(needs(one('/meetings') as Route)).toBe(true);
  expect(needs(one('/meetings/{id}/cancel') as Route)).toBe(false);
  must(201, await world.post('/meetings', MEETING));
  const cancelled = await world.ask(`/meetings/${MEETING.id}/cancel`, {
    method: 'POST',
    as: 'editor',
  });
  expect(cancelled.status).toBe(200);
});

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
