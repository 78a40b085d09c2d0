import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { askRaw } from './support/ask.ts';
import { openWorld, TOKENS } from './support/world.ts';
import { must } from './support/writes.ts';

const world = await openWorld();
const hasty = await openWorld(({ limits }) => ({ limits: { ...limits, requestMs: 100 } }));
afterAll(async () => {
  await world.close();
  await hasty.close();
});

const lines = (...parts: string[]) => parts.join('\r\n');
const HOST = 'Host: calendar.example';
const LAST = 'Connection: close';
const EDITOR = `Authorization: Bearer ${TOKENS.editor}`;
const JSON_TYPE = 'Content-Type: application/json';
const BODY = '{"title":"Talks","form":"visit"}';
const post = (...more: string[]) =>
  lines('POST /meetings HTTP/1.1', HOST, LAST, EDITOR, JSON_TYPE, ...more);

const statusesOf = (answer: string) =>
  [...answer.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));

describe('what is not HTTP', () => {
  let head: string | undefined;
  beforeEach(async () => {
    head = await world.head();
  });
  afterEach(async () => {
    expect(await world.head()).toBe(head);
    expect((await world.get('/healthz')).status).toBe(200);
  });

  test.each([
    ['words', lines('hello', '', '')],
    [
      'a handshake of TLS',
      Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03]),
    ],
    ['the preface of HTTP/2', lines('PRI * HTTP/2.0', '', 'SM', '', '')],
    ['a version that is none', lines('GET / HTTP/9.9', HOST, '', '')],
    ['no target', lines('GET  HTTP/1.1', HOST, '', '')],
    ['spaces in the target', lines('GET /a b HTTP/1.1', HOST, '', '')],
    ['a method that is none', lines('GRAB / HTTP/1.1', HOST, '', '')],
    ['a header without a colon', lines('GET / HTTP/1.1', HOST, 'nonsense', '', '')],
    ['a space before the colon', lines('GET / HTTP/1.1', HOST, 'Accept : a', '', '')],
    ['a NUL in a header', lines('GET / HTTP/1.1', HOST, 'Accept: a\0b', '', '')],
    ['headers without end', lines('GET / HTTP/1.1', HOST, `Accept: ${'a'.repeat(20_000)}`, '', '')],
    [
      'headers by the thousand',
      lines('GET / HTTP/1.1', HOST, ...Array(5_000).fill('A: b'), '', ''),
    ],
    ['a target without end', lines(`GET /${'a'.repeat(100_000)} HTTP/1.1`, HOST, '', '')],
    ['two lengths', post('Content-Length: 2', 'Content-Length: 3', '', '{} ')],
    ['a length below zero', post('Content-Length: -1', '', BODY)],
    [
      'a length and chunks',
      post('Content-Length: 4', 'Transfer-Encoding: chunked', '', '0', '', ''),
    ],
    ['a chunk without a size', post('Transfer-Encoding: chunked', '', 'zz', BODY, '0', '', '')],
    ['a coding that nobody knows', post('Transfer-Encoding: chunked, nonsense', '', BODY)],
  ])('is 400, and the connection ends: %s', async (_, bytes) => {
    const answer = await askRaw(world.port, bytes);
    expect(statusesOf(answer)).toEqual([400]);
    expect(answer).toMatch(/^Content-Type: application\/problem\+json\r$/im);
    expect(answer.split('\r\n\r\n')[1]).toContain('"code":"validation-failed"');
  });

  const get = (...more: string[]) => lines('GET /meetings HTTP/1.1', ...more, '', '');
  test.each([
    ['a coding that ends nowhere', get(HOST, 'Transfer-Encoding: xchunked')],
    ['one under the chunks', get(HOST, 'Transfer-Encoding: gzip, chunked')],
    ['two hosts', get(HOST, HOST)],
    ['a host that is none', get('Host: a b/c')],
  ])('is 400 once, also where the parser lets it pass: %s', async (_, bytes) => {
    const answer = await askRaw(world.port, bytes);
    expect(statusesOf(answer)).toEqual([400]);
    expect(answer).toMatch(/^Connection: close\r$/im);
  });

  test.each([
    ['a size of chunk that is none', '0x2', '{}'],
    ['one below zero', '-2', '{}'],
    ['a line that ends halfway', '2;a\n', '{}'],
  ])('has no second answer where the first needed no body: %s', async (_, size, chunk) => {
    const head = lines('POST /meetings HTTP/1.1', HOST, JSON_TYPE, 'Transfer-Encoding: chunked');
    const answer = await askRaw(world.port, lines(head, '', size, chunk, '0', '', ''));
    expect(statusesOf(answer)).toEqual([401]);
  });

  const pair = (...first: string[]) =>
    lines(...first, '', '', 'GET /healthz HTTP/1.1', HOST, '', '');
  test.each([
    ['where no route is found', pair('GET /%zz HTTP/1.1', HOST, HOST), 400],
    ['nor a body', pair('POST /%zz HTTP/1.1', HOST, 'Transfer-Encoding: gzip, chunked'), 400],
    ['where too much is expected', pair('GET / HTTP/1.1', HOST, HOST, 'Expect: x'), 417],
    [
      'nor can be told where it ends',
      pair('POST /meetings HTTP/1.1', HOST, 'Transfer-Encoding: xchunked', 'Expect: x'),
      417,
    ],
  ])('is refused once, and nothing after it is read: %s', async (_, bytes, status) => {
    const answer = await askRaw(world.port, bytes);
    expect(statusesOf(answer)).toEqual([status]);
    expect(answer).toMatch(/^Connection: close\r$/im);
  });

  test('is 400 without a host', async () => {
    expect(statusesOf(await askRaw(world.port, lines('GET / HTTP/1.1', '', '')))).toEqual([400]);
  });

  test('is refused when it expects what nobody can', async () => {
    const bytes = post('Expect: the-unexpected', 'Content-Length: 0', '', '');
    expect(statusesOf(await askRaw(world.port, bytes))).toEqual([417]);
  });

  test.each([
    ['before the headers end', lines('POST /meetings HTTP/1.1', HOST, EDITOR)],
    ['before the body ends', post('Content-Length: 1000', '', BODY)],
    ['between two chunks', post('Transfer-Encoding: chunked', '', '20', BODY, '')],
  ])('writes nothing when it is cut off %s', async (_, bytes) => {
    const statuses = statusesOf(await askRaw(world.port, bytes, true));
    for (const status of statuses) expect(status).toBe(400);
  });

  test('is no part of an answer that is on its way', async () => {
    const stream = lines('GET /changes/stream HTTP/1.1', HOST, '', '');
    const answer = await askRaw(world.port, `${stream}nonsense\r\n\r\n`);
    expect(statusesOf(answer)).not.toContain(400);
  });

  test('is nothing to tunnel through', async () => {
    const answer = await askRaw(
      world.port,
      lines('CONNECT evil.example:443 HTTP/1.1', HOST, '', ''),
    );
    expect(statusesOf(answer).filter((status) => status < 400)).toEqual([]);
  });
});

describe('what is HTTP, if rarely', () => {
  test('of version 1.0 is answered, and the connection ends', async () => {
    const answer = await askRaw(world.port, lines('GET /healthz HTTP/1.0', '', ''));
    expect(statusesOf(answer)).toEqual([200]);
  });

  test('in one piece is answered in order', async () => {
    const ask = (path: string, ...more: string[]) =>
      lines(`GET ${path} HTTP/1.1`, HOST, ...more, '', '');
    const bytes = `${ask('/healthz')}${ask('/nowhere')}${ask('/openapi.json', LAST)}`;
    expect(statusesOf(await askRaw(world.port, bytes))).toEqual([200, 404, 200]);
  });

  test('that would rather speak something else is answered as it is', async () => {
    const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', LAST];
    const answer = await askRaw(
      world.port,
      lines('GET /healthz HTTP/1.1', HOST, ...upgrade, '', ''),
    );
    expect(statusesOf(answer)).toEqual([200]);
  });

  test('in chunks is put together', async () => {
    const size = BODY.length.toString(16);
    const bytes = post('Transfer-Encoding: chunked', '', size, BODY, '0', '', '');
    expect(statusesOf(await askRaw(world.port, bytes))).toEqual([201]);
  });

  test('that asks before it sends is told to go on', async () => {
    const bytes = post('Expect: 100-continue', `Content-Length: ${BODY.length}`, '', BODY);
    expect(statusesOf(await askRaw(world.port, bytes))).toEqual([100, 201]);
  });

  test('with two tokens is judged by the first', async () => {
    const headers = [HOST, LAST, 'Authorization: Bearer nonsense', EDITOR];
    const answer = await askRaw(world.port, lines('GET /events HTTP/1.1', ...headers, '', ''));
    expect(statusesOf(answer)).toEqual([401]);
  });

  test('with two keys is refused: which of them would it be repeated by?', async () => {
    const keys = ['Idempotency-Key: a', 'Idempotency-Key: b'];
    const bytes = post(...keys, `Content-Length: ${BODY.length}`, '', BODY);
    expect(statusesOf(await askRaw(world.port, bytes))).toEqual([400]);
  });

  test('that is refused before its body has come has one answer, however long that takes', async () => {
    const body = ['Content-Length: 1000', '', '{'];
    const bytes = lines('POST /meetings HTTP/1.1', HOST, JSON_TYPE, ...body);
    const answer = await askRaw(hasty.port, bytes);
    expect(statusesOf(answer)).toEqual([401]);
  });

  test('that is refused before its body is read does not become the next request', async () => {
    const hidden = lines('GET /healthz HTTP/1.1', HOST, '', '');
    const bytes = lines(
      'POST /meetings HTTP/1.1',
      HOST,
      LAST,
      JSON_TYPE,
      `Content-Length: ${hidden.length}`,
      '',
      hidden,
    );
    expect(statusesOf(await askRaw(world.port, bytes))).toEqual([401]);
  });
});

describe('a request that takes too long to arrive', () => {
  test.each([
    ['in its headers', lines('POST /meetings HTTP/1.1', HOST, EDITOR)],
    ['in its body', post('Content-Length: 1000', '', BODY)],
    ['in its headers, after another', `${lines('GET /healthz HTTP/1.1', HOST, '', '')}GET /`, 200],
  ])('is ended %s', async (_, bytes, ...before) => {
    const head = await hasty.head();
    expect(statusesOf(await askRaw(hasty.port, bytes))).toEqual([...before, 408]);
    expect(await hasty.head()).toBe(head);
  });
});

describe('a server that closes', () => {
  test('first answers what is under way', async () => {
    const own = await openWorld(() => ({ limits: { seenWaitMs: 30_000, writeWaitMs: 1 } }));
    own.views.held = true;
    const made = must(202, await own.post('/meetings', { title: 'Talks', form: 'visit' }));
    const waiting = once(own.views.signs, 'waiting');
    const asked = own.get(`/meetings?seen=${made.headers.get('chancery-event')}`, 'editor');
    await waiting;
    const closed = own.app.close();
    own.views.held = false;
    await own.views.catchUp();
    expect((await asked).json()).toMatchObject({ items: [{ title: 'Talks' }] });
    await closed;
    await own.close();
  });

  test('breaks off what would never end', async () => {
    const own = await openWorld(({ store }) => ({
      store: { head: () => store.head(), readAll: () => store.readAll({ limit: 1 }) },
    }));
    must(201, await own.post('/meetings', { title: 'Talks', form: 'visit' }));
    const socket = connect({ port: own.port, host: '127.0.0.1' });
    const admin = `Authorization: Bearer ${TOKENS.admin}`;
    socket.write(lines('GET /events HTTP/1.1', HOST, admin, '', ''));
    await once(socket, 'data');
    const ended = once(socket, 'close');
    let last = '';
    socket.on('data', (chunk: Buffer) => {
      last = chunk.toString();
    });
    await own.app.close();
    await ended;
    expect(last.endsWith('\r\n0\r\n\r\n')).toBe(false);
    await own.close();
  });
});
