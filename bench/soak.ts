import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { type EventStore, RevisionConflict } from '../src/store/event-store.ts';
import { openClusterStore } from '../src/store/eventstoredb/index.ts';
import { clusterSettings } from '../src/store/eventstoredb/settings.ts';
import { MAIN, temporaryFolder } from '../tests/support/program.ts';
import { Database, SERVER_COMMAND } from '../tests/support/real/database.ts';
import { generateLog, type LogEvent } from './generator/log.ts';
import { writeLog } from './log-file.ts';
import { endAll, track } from './processes.ts';

/**
 * A long log on a real server whose process is killed, and nodes that are: what is in the log is in the views once,
 * and in the copies as it was. Fails at the first thing that is not so.
 */

const USAGE = `Usage: ESDB_SERVER='<command>' npm run soak:cluster

ESDB_SERVER starts an EventStoreDB server in the foreground, without options; its process is killed and started again.
SOAK_EVENTS is how many events there are, 100000 or more; 100000 unless said otherwise. SOAK_COPY=no leaves the copies out.`;

/** Between two looks at a node, and between two at the server, which would be slowed by more. */
const PACE_MS = 250;
const SERVER_PACE_MS = 2_000;
const QUIET_MS = 5_000;
/** With fewer, a node has caught up before it can be killed. */
const FEWEST = 100_000;
/** Appends under way. */
const AT_ONCE = 50;
/** For each thing that is waited for. */
const PATIENCE_MS = 900_000;
/** A token of the environment's: a node that makes one itself writes it into the log. */
const ADMIN_TOKEN = randomBytes(24).toString('hex');
const DESK = { seed: 20_211_121, alive: 3_000, perDay: 120 };

const count = Number(process.env.SOAK_EVENTS ?? '100000');
if (SERVER_COMMAND === '' || !Number.isSafeInteger(count) || count < FEWEST) {
  console.error(USAGE);
  process.exit(2);
}

const begun = performance.now();
const seconds = (since: number): string => ((performance.now() - since) / 1_000).toFixed(1);
const say = (text: string): void => console.log(`[${seconds(begun).padStart(6)} s] ${text}`);

function require(holds: boolean, what: string): void {
  if (!holds) throw new Error(`not so: ${what}`);
}

async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  paceMs = PACE_MS,
): Promise<void> {
  const since = performance.now();
  while (!(await holds())) {
    require(performance.now() - since < PATIENCE_MS, `${what}, in time`);
    await delay(paceMs);
  }
}

const server = await Database.prepare();
const { url } = server;
const folder = temporaryFolder('chancery-soak-');
const run = `soak-${process.pid}-${Date.now()}`;
/** One log is copied and read by new nodes, the other one grows behind a node's back. */
const [LONG, GROWING] = [`${run}-long.`, `${run}-growing.`] as const;

const environment = {
  ...{ PATH: process.env.PATH ?? '', TMPDIR: folder.path, STORE_URL: url },
  ...{ ADMIN_TOKEN, STREAM_PREFIX: LONG, LOG_LEVEL: 'error' },
};

/** A process of ours. */
class Process {
  readonly #child: ChildProcess;
  readonly closed: Promise<unknown>;
  stdout = '';
  stderr = '';

  constructor(file: string, args: readonly string[], env: Readonly<Record<string, string>>) {
    this.#child = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    track(this.#child);
    this.closed = once(this.#child, 'close');
    this.#child.stdout?.on('data', (chunk) => {
      this.stdout += chunk;
    });
    this.#child.stderr?.on('data', (chunk) => {
      this.stderr += chunk;
    });
  }

  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    this.#child.kill(signal);
    await this.closed;
  }

  /** Waits for a good end. */
  async done(): Promise<string> {
    await this.closed;
    require(this.#child.exitCode === 0, `exit code 0:\n${this.stdout}${this.stderr}`);
    return this.stdout;
  }
}

const chancery = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  new Process(process.execPath, [MAIN, ...args], { ...environment, ...env });

const openAt = (prefix: string): EventStore => openClusterStore(clusterSettings(url, { prefix }));

/** Null: no answer. */
async function headId(prefix = LONG): Promise<string | undefined | null> {
  const store = openAt(prefix);
  try {
    return (await store.head())?.id;
  } catch {
    return null;
  } finally {
    await store.close();
  }
}

interface Node {
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly process: Process;
}

/** Starts a node, or starts it again. */
function node(name: string, prefix: string): Node {
  const path = join(folder.path, name);
  mkdirSync(path, { recursive: true });
  const env = { STREAM_PREFIX: prefix, DATA_DIR: path, PORT: '0' };
  return { env, folder: path, process: chancery(['serve'], env) };
}

/** Events applied by the view that is furthest, of those that are built or served. */
function applied({ folder: path }: Node): number {
  const files = readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /calendar[^/]*\.db$/.test(file),
  );
  return Math.max(0, ...files.map((file) => appliedIn(join(path, file))));
}

function appliedIn(file: string): number {
  try {
    using db = new DatabaseSync(file, { readOnly: true });
    const row = db.prepare('SELECT seq FROM view_checkpoint').get();
    return Number(row?.seq ?? 0);
  } catch {
    // Just being made, or put in place.
    return 0;
  }
}

const reaches = (running: Node, events: number) =>
  until(`${events} events are applied`, () => {
    require(!running.process.ended, `the node runs:\n${running.process.stderr}`);
    return applied(running) >= events;
  });

interface Way {
  readonly name: string;
  readonly prefix: string;
  readonly from: number;
  readonly to: number;
  /** Waits until so many thirds of the way are gone. */
  readonly thirds: (count: number, running: Node) => Promise<unknown>;
}

/** The server is killed in the middle, and the node. @returns the node started last */
async function catchUpWithKills({ name, prefix, from, to, thirds }: Way): Promise<Node> {
  const since = performance.now();
  const first = node(name, prefix);
  await thirds(1, first);
  await server.kill();
  const atServer = applied(first);
  await server.start();
  await thirds(2, first);
  await first.process.kill('SIGKILL');
  const atNode = applied(first);
  // A first build shows what it has applied only at its end.
  require(atServer < to && atNode < to, `killed before ${to}, not at ${atServer} and ${atNode}`);
  const second = node(name, prefix);
  await reaches(second, to);
  say(
    `${name}: ${from} to ${to} events in ${seconds(since)} s, server killed at ${atServer}, node at ${atNode}`,
  );
  return second;
}

/** Stops a node and folds the log anew beside its views. @returns the tables with their digests */
async function verified(running: Node, name: string): Promise<string> {
  // A node writes what is due by its clock: it is to have read that too.
  await quiet(running);
  await running.process.kill('SIGTERM');
  const events = applied(running);
  const said = await chancery(['verify'], running.env).done();
  require(said.includes(`what the log says: ${events} events`), `${events} applied:\n${said}`);
  const { lines } = await exported(url, running.env);
  require(lines === events, `${lines} events in the log, ${events} applied`);
  say(`${name}: each of ${events} events is applied once, by the digests of a new fold`);
  return said;
}

async function exported(
  storeUrl: string,
  more: Readonly<Record<string, string>> = {},
): Promise<{ lines: number; digest: string }> {
  const env = { ...environment, DATA_DIR: folder.path, ...more, STORE_URL: storeUrl };
  const child = spawn(process.execPath, [MAIN, 'export'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  track(child);
  const hash = createHash('sha256');
  let lines = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    hash.update(`${line}\n`);
    lines += 1;
  }
  return { lines, digest: hash.digest('hex') };
}

/** Up, killed in the middle; on; and back. All three logs export the same. */
async function copies(events: readonly LogEvent[]): Promise<void> {
  const [source, back] = ['source.db', 'back.db'].map(
    (name) => `sqlite:${join(folder.path, name)}`,
  ) as [string, string];
  const order = new Map(events.map(({ id }, index) => [id, index + 1]));
  const reached = async () => order.get((await headId()) ?? '') ?? 0;
  let since = performance.now();
  const up = ['copy', '--from', source, '--to', url];
  const first = chancery(up);
  const half = async () => {
    require(!first.ended, `the copy runs:\n${first.stderr}`);
    return (await reached()) >= events.length / 2;
  };
  await until('half is copied', half, SERVER_PACE_MS);
  await first.kill('SIGKILL');
  say(`up, killed at ${await reached()} events: ${seconds(since)} s`);
  since = performance.now();
  say(`up, again: ${firstLine(await chancery(up).done())}: ${seconds(since)} s`);
  since = performance.now();
  const down = await chancery(['copy', '--from', url, '--to', back]).done();
  say(`back: ${firstLine(down)}: ${seconds(since)} s`);
  const exports = [await exported(source), await exported(url), await exported(back)];
  for (const { lines, digest } of exports) say(`export: ${lines} lines, SHA-256 ${digest}`);
  require(new Set(exports.map(({ digest }) => digest)).size === 1, 'all exports are the same');
  require(exports[0]?.lines === events.length, `${events.length} lines`);
}

const firstLine = (text: string): string => text.split('\n')[0] ?? '';

/** A new node to which nothing happens, and one to which it does, end with the same views. */
async function newNodes(): Promise<void> {
  const since = performance.now();
  const plain = node('plain', LONG);
  await reaches(plain, count);
  const took = performance.now() - since;
  say(`plain: 0 to ${count} events in ${seconds(since)} s`);
  const expected = await verified(plain, 'plain');
  const to = applied(plain);
  const killed = await catchUpWithKills({
    ...{ name: 'new', prefix: LONG, from: 0, to },
    thirds: () => delay(took / 3),
  });
  require((await verified(killed, 'new')) === expected, 'the digests of both nodes are the same');
}

/** Nothing was applied for a while. */
async function quiet(running: Node): Promise<void> {
  for (let [last, at] = [-1, performance.now()]; performance.now() - at < QUIET_MS; ) {
    const now = applied(running);
    if (now !== last) [last, at] = [now, performance.now()];
    await delay(PACE_MS);
  }
}

/** A node that has views goes on from them: the log has grown while it was down. */
async function oldNode(events: readonly LogEvent[]): Promise<void> {
  const [early, late] = [events.slice(0, count / 4), events.slice(count / 4, count / 2)];
  await append(GROWING, early);
  const before = node('old', GROWING);
  await reaches(before, early.length);
  await quiet(before);
  await before.process.kill('SIGTERM');
  const from = applied(before);
  const written = await append(GROWING, late);
  const way = { name: 'old', prefix: GROWING, from, to: from + written };
  const thirds = (count: number, running: Node) =>
    reaches(running, from + Math.floor((count * written) / 3));
  await verified(await catchUpWithKills({ ...way, thirds }), 'old');
}

/** Appends many at a time, but for streams that a node has written to. @returns how many */
async function append(prefix: string, events: readonly LogEvent[]): Promise<number> {
  const store = openAt(prefix);
  let written = 0;
  const conflicts = new Set<string>();
  const one = async ({ stream, revision, id, type, data, meta }: LogEvent) => {
    if (conflicts.has(stream)) return;
    try {
      const expected = revision === 0 ? 'none' : revision - 1;
      await store.append(stream, [{ id, type, data, meta }], expected);
      written += 1;
    } catch (error) {
      if (!(error instanceof RevisionConflict)) throw error;
      conflicts.add(stream);
    }
  };
  for (let start = 0; start < events.length; start += AT_ONCE) {
    await Promise.all(events.slice(start, start + AT_ONCE).map(one));
  }
  await store.close();
  return written;
}

async function soak(): Promise<void> {
  const shape = { ...DESK, size: { events: count } };
  writeLog(join(folder.path, 'source.db'), shape);
  const events = [...generateLog(shape)];
  await server.start();
  say(`the server answers; there are ${count} events`);
  if (process.env.SOAK_COPY === 'no') await append(LONG, events);
  else await copies(events);
  await newNodes();
  await oldNode(events);
}

try {
  await soak();
  say('all so');
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  endAll();
  await server.remove();
  folder.remove();
}
