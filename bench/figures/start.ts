import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Group, interleaved } from '../harness.ts';
import { httpGet } from '../http-get.ts';
import { track } from '../processes.ts';
import type { Log } from '../workspace.ts';
import { ADMIN_TOKEN } from './serving.ts';

const NAME = 'start';
const ROUNDS = 5;
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const POLL_MS = 5;
/** The first start builds the views, which may take a while. */
const MOST_MS = 600_000;

/** From the start of the process to the first /readyz that says ready, with the views as they were left. */
export const start: Group = {
  names: [NAME],
  run: async (context) => {
    const full = await context.workspace.log('main');
    const empty = await context.workspace.log('empty');
    context.say(`${NAME}: ${full.events} events`);
    const measures = { ours: () => startOnce(full), floor: () => startOnce(empty) };
    await interleaved(measures, 1); // builds the views
    const { ours, floor } = await interleaved(measures, ROUNDS);
    return [
      { name: NAME, value: ours, unit: 'ms', floor, floorName: 'empty', goal: { most: 1_000 } },
    ];
  },
};

/** @returns milliseconds */
async function startOnce({ folder, file }: Log): Promise<number> {
  const port = await freePort();
  const begun = performance.now();
  const server = spawn(process.execPath, [MAIN, 'serve'], {
    stdio: ['ignore', 'ignore', 'ignore'],
    // Not the project's folder: its .env may name a real store.
    cwd: folder,
    env: {
      ...process.env,
      ...{ DATA_DIR: folder, STORE_URL: `sqlite:${file}`, HOST: '127.0.0.1', PORT: String(port) },
      ...{ ADMIN_TOKEN, LOG_LEVEL: 'silent', METRICS_PORT: '' },
    },
  });
  track(server);
  while (!(await isReady(port))) {
    if (server.exitCode !== null) throw new Error(`serve ended with ${server.exitCode}`);
    if (performance.now() - begun > MOST_MS) throw new Error('serve is not ready after 10 minutes');
    await delay(POLL_MS);
  }
  const elapsed = performance.now() - begun;
  server.kill('SIGTERM');
  if (server.exitCode === null) await once(server, 'exit');
  return elapsed;
}

async function isReady(port: number): Promise<boolean> {
  try {
    return (await httpGet(`http://127.0.0.1:${port}/readyz`)).status === 200;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
