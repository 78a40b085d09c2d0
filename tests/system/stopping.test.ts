import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ROOT, type Server, startServer, temporaryFolder } from '../support/program.ts';

let folder: ReturnType<typeof temporaryFolder>;
const TOKEN = 'a-token-for-the-stop-tests-0123456789abcdef';
const start = (more: Record<string, string> = {}): Promise<Server> =>
  startServer({ DATA_DIR: folder.path, ADMIN_TOKEN: TOKEN, ...more });

beforeEach(() => {
  folder = temporaryFolder('stopping-');
});
afterEach(() => folder.remove());

const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };

test.each(['SIGTERM', 'SIGINT'] as const)('%s ends it with exit code 0', async (signal) => {
  const server = await start();
  const { code, stdout } = await server.stop(signal);
  expect(code).toBe(0);
  expect(stdout).toContain('stopped');
});

test('requests under way are answered in full, and what was acknowledged is there', async () => {
  const server = await start();
  const ids = Array.from({ length: 200 }, (_, n) => `under-way-${n}`);
  const first = Promise.withResolvers<void>();
  const answers = ids.map(async (id) => {
    const body = JSON.stringify({ id, title: id, form: 'session', classification: 'public' });
    const response = await fetch(`${server.url}/meetings`, { method: 'POST', headers, body });
    first.resolve();
    return { id, status: response.status, text: await response.text() };
  });
  await first.promise;
  const stopped = server.stop();
  const settled = await Promise.allSettled(answers);
  expect((await stopped).code).toBe(0);
  const whole = settled.flatMap((s) => (s.status === 'fulfilled' ? [s.value] : []));
  const acknowledged = whole.filter(({ status }) => status === 201);
  expect(acknowledged.length).toBeGreaterThan(0);
  for (const { text, id } of acknowledged) expect(JSON.parse(text).id).toBe(id);
  const again = await start();
  for (const { id } of acknowledged) {
    expect((await fetch(`${again.url}/meetings/${id}`)).status).toBe(200);
  }
  await again.stop();
});

test('a stream of changes ends with it, and does not hold it up', async () => {
  const server = await start({ SHUTDOWN_TIMEOUT: '60000' });
  const stream = await fetch(`${server.url}/changes/stream`);
  expect(stream.status).toBe(200);
  const { code } = await server.stop();
  expect(code).toBe(0);
  expect(await stream.text()).toMatch(/^id: [-0-9a-f]{36}\n\n$/);
});

test('a client that never ends its request does not hold it up for ever', async () => {
  const server = await start({ SHUTDOWN_TIMEOUT: '200' });
  const { port } = new URL(server.url);
  const socket = connect(Number(port), '127.0.0.1');
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => {});
  await new Promise((resolve) => socket.write('POST /meetings HTTP/1.1\r\nHost: x\r\n', resolve));
  // The server has it once it has answered somebody who came later.
  await fetch(`${server.url}/healthz`);
  const { code } = await server.stop();
  expect(code).toBe(0);
  await closed;
});

test('metrics are served beside it, without a token, on the port that is set', async () => {
  const port = await freePort();
  const server = await start({ METRICS_PORT: String(port) });
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  expect(text).toContain('chancery_view_events');
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
  expect((await server.stop()).code).toBe(0);
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('a server that npm started ends with npm', async () => {
  const npm = spawn('npm', ['run', '-s', 'serve'], {
    cwd: ROOT,
    env: { ...process.env, DATA_DIR: folder.path, PORT: '0', ADMIN_TOKEN: TOKEN },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // The pipes stay open until the last of its processes has ended.
  const closed = once(npm, 'close');
  let log = '';
  npm.stdout.on('data', (chunk) => {
    log += chunk;
  });
  await once(npm.stderr, 'data');
  npm.kill('SIGTERM');
  await closed;
  expect(log).toContain('"msg":"stopped"');
});
