import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { temporaryFolder } from '../program.ts';

/** A real EventStoreDB server: a process on a disk of its own, on loopback, which can be killed and set back. */

/** What starts one, in the foreground: the program alone, its options come by the environment. Empty: there is none. */
export const SERVER_COMMAND = process.env.ESDB_SERVER ?? '';

/** Between two looks at whether it answers, in milliseconds. */
const PACE_MS = 100;
/** For an answer to that. */
const ANSWER_MS = 2_000;
/** For a start. */
const PATIENCE_MS = 100_000;

/** Whom a server lets in that nobody has set up. */
export const FIRST_USER = { username: 'admin', password: 'changeit' } as const;

/** Options of the server by the names of its environment, less the prefix: `MAX_APPEND_SIZE`. */
export type ServerOptions = Readonly<Record<string, string>>;

/** A log that is small on the disk. */
export const SMALL: ServerOptions = { CHUNK_SIZE: '1048576' };

/** PEM texts. */
interface Tls {
  readonly key: string;
  readonly cert: string;
  readonly authority: string;
}

const running = new Set<ChildProcess>();
const killAll = () => {
  for (const child of running) signal(child, 'SIGKILL');
};
let watched = false;

/** Their processes are not of this one's group: whoever ends this one would leave them. */
function endWithThis(): void {
  if (watched) return;
  watched = true;
  process.once('exit', killAll);
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.once(name, () => {
      killAll();
      process.kill(process.pid, name);
    });
  }
}

export class Database {
  readonly #folder = temporaryFolder('chancery-server-');
  #options: ServerOptions;
  readonly port: number;
  #process: ChildProcess | undefined;
  /** Its output is at its end too. */
  #ended = true;
  #said = '';
  #backups = 0;

  private constructor(port: number, options: ServerOptions, tls: Tls | undefined) {
    this.port = port;
    this.#options = { ...options, ...(tls === undefined ? {} : this.#secured(tls)) };
    mkdirSync(this.#data);
  }

  /** Set up, not started. */
  static async prepare(options: ServerOptions = {}, tls?: Tls): Promise<Database> {
    const [port = 0, replication = 0] = await freePorts(2);
    return new Database(port, { REPLICATION_PORT: String(replication), ...options }, tls);
  }

  #secured({ key, cert, authority }: Tls): ServerOptions {
    const trusted = join(this.#folder.path, 'trusted');
    mkdirSync(trusted);
    const write = (path: string, pem: string) => {
      writeFileSync(join(this.#folder.path, path), pem);
      return join(this.#folder.path, path);
    };
    write(join('trusted', 'ca.pem'), authority);
    return {
      CERTIFICATE_FILE: write('cert.pem', cert),
      CERTIFICATE_PRIVATE_KEY_FILE: write('key.pem', key),
      TRUSTED_ROOT_CERTIFICATES_PATH: trusted,
      CERTIFICATE_RESERVED_NODE_COMMON_NAME: 'localhost',
    };
  }

  get url(): string {
    return `esdb://127.0.0.1:${this.port}?tls=${this.#secure}`;
  }

  get #secure(): boolean {
    return this.#options.CERTIFICATE_FILE !== undefined;
  }

  get #data(): string {
    return join(this.#folder.path, 'data');
  }

  /** Settles when it takes appends; one that does not is removed. */
  async start(): Promise<void> {
    try {
      await this.#start();
    } catch (error) {
      await this.remove();
      throw error;
    }
  }

  async #start(): Promise<void> {
    this.launch();
    const since = performance.now();
    while (!(await this.#ready())) {
      if (performance.now() - since > PATIENCE_MS) throw new Error('the server does not answer');
      // The first start on a copy cuts it to size and ends: whoever watches over it starts it again.
      if (this.#ended && this.#said.includes('successful truncation')) this.launch();
      else if (this.#ended) throw new Error(`the server ended:\n${this.#said.slice(-2_000)}`);
      await delay(PACE_MS);
    }
  }

  /**
   * Starts it without waiting for it: members of a cluster wait for each other. More options hold from this start on.
   */
  launch(more: ServerOptions = {}): void {
    this.#options = { ...this.#options, ...more };
    const options = {
      ...{ DB: this.#data, LOG: join(this.#folder.path, 'log'), RUN_PROJECTIONS: 'None' },
      ...{ NODE_IP: '127.0.0.1', REPLICATION_IP: '127.0.0.1', NODE_PORT: String(this.port) },
      ...{ TELEMETRY_OPTOUT: 'true', INSECURE: String(!this.#secure) },
      ...this.#options,
    };
    const env = Object.entries(options).map(([name, value]) => [`EVENTSTORE_${name}`, value]);
    this.#said = '';
    const child = spawn('bash', ['-c', `exec ${SERVER_COMMAND}`], {
      env: { ...withoutOptions(), ...Object.fromEntries(env) },
      stdio: ['ignore', 'pipe', 'pipe'],
      // With it goes what it has started.
      detached: true,
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        this.#said = `${this.#said}${chunk}`.slice(-10_000);
      });
    }
    endWithThis();
    running.add(child);
    child.once('exit', () => running.delete(child));
    this.#ended = false;
    child.once('close', () => {
      this.#ended = this.#process === child;
    });
    this.#process = child;
  }

  /** Its own word for whether it leads or follows: `leader`, `follower`; empty: it says nothing. */
  async state(): Promise<string> {
    const said = await this.#get('/info');
    return said === undefined ? '' : ((JSON.parse(said) as { state?: string }).state ?? '');
  }

  async #ready(): Promise<boolean> {
    if ((await this.state()) !== 'leader') return false;
    // Its first users come to be after that.
    return !this.#secure || (await this.#get('/users/admin')) !== undefined;
  }

  /** @returns undefined: no good answer */
  #get(path: string): Promise<string | undefined> {
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const auth = Object.values(FIRST_USER).join(':');
    // Whose certificate it shows is looked at by who is tested, not here.
    const options = { host: '127.0.0.1', port: this.port, path, auth, rejectUnauthorized: false };
    const asked = (this.#secure ? https : http).get(options, async (answer) => {
      const body = await text(answer).catch(() => undefined);
      resolve(answer.statusCode === 200 ? body : undefined);
    });
    asked.on('error', () => resolve(undefined));
    asked.setTimeout(ANSWER_MS, () => asked.destroy());
    return promise;
  }

  /** SIGKILL, unless another signal is named. */
  async kill(name: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#process;
    if (child === undefined || this.#ended) return;
    const closed = once(child, 'close');
    signal(child, name);
    await closed;
  }

  /** Stops the whole process, or lets it go on. */
  freeze(frozen: boolean): void {
    if (this.#process !== undefined) signal(this.#process, frozen ? 'SIGSTOP' : 'SIGCONT');
  }

  /** A copy taken while it runs, in the manual's order: index, checkpoints, what they point into. @returns its name */
  backup(): string {
    this.#backups += 1;
    const backup = join(this.#folder.path, `backup-${this.#backups}`);
    const names = readdirSync(this.#data);
    const turn = (name: string) => (name === 'index' ? 0 : name.endsWith('.chk') ? 1 : 2);
    for (const name of names.toSorted((a, b) => turn(a) - turn(b))) {
      cpSync(join(this.#data, name), join(backup, name), { recursive: true });
    }
    cpSync(join(backup, 'chaser.chk'), join(backup, 'truncate.chk'));
    return backup;
  }

  /** Sets it back to a backup, while it is down. */
  restore(backup: string): void {
    rmSync(this.#data, { recursive: true });
    cpSync(backup, this.#data, { recursive: true });
  }

  async remove(): Promise<void> {
    await this.kill();
    this.#folder.remove();
  }
}

/** The environment, less what is meant for another server. */
const withoutOptions = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(EVENTSTORE|KURRENTDB)_/.test(name)),
  );

function signal(child: ChildProcess, name: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, name);
  } catch {
    // It has ended.
  }
}

/** Ports that nobody listens on, each another one. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
