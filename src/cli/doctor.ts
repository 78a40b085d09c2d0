import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ALL_VIEWS } from '../all-views.ts';
import { type Clock, systemClock } from '../clock.ts';
import { type Config, loadConfig } from '../config.ts';
import { nameOfStore, openStore } from '../open-store.ts';
import type { EventStore, Head } from '../store/event-store.ts';
import { isStoreFenced } from '../store/sqlite/fence.ts';
import { ViewFiles } from '../views/files.ts';
import { deadLettersIn } from '../views/live-view.ts';
import { tryLock } from '../views/lock.ts';
import { exists } from './exists.ts';
import { EXIT, explain } from './failure.ts';
import { oneLine } from './terminal.ts';

/** One finding: `fail` must be mended before Chancery can serve, `warn` may be meant. */
export interface Finding {
  readonly level: 'ok' | 'warn' | 'fail';
  readonly what: string;
  /** What was found and, unless it is well, what to do. */
  readonly text: string;
}

/** Checks configuration, store, views and clock, writes what it found, and changes nothing. */
export async function doctor(environment: NodeJS.ProcessEnv, clock = systemClock): Promise<number> {
  const findings = await examine(environment, clock);
  for (const { level, what, text } of findings) {
    process.stdout.write(`${level.padEnd(4)}  ${what}: ${oneLine(text)}\n`);
  }
  const failed = findings.filter(({ level }) => level === 'fail').length;
  const warned = findings.filter(({ level }) => level === 'warn').length;
  const fine = warned === 0 ? 'Nothing has to be done.' : `It can serve; ${warned} to look at.`;
  const summary = failed === 0 ? fine : `${failed} to mend before it can serve.`;
  process.stdout.write(`${summary}\n`);
  return failed === 0 ? EXIT.fine : EXIT.failed;
}

async function examine(environment: NodeJS.ProcessEnv, clock: Clock): Promise<Finding[]> {
  let config: Config;
  try {
    config = loadConfig(environment);
  } catch (error) {
    return [node(), { level: 'fail', what: 'configuration', text: explain(error).text }];
  }
  const { finding, head } = await store(config);
  const folder = dataFolder(config);
  return [
    node(),
    ...settings(config),
    folder,
    finding,
    ...(folder.level === 'fail' ? [] : [views(config)]),
    clockFinding(clock(), head),
  ];
}

function node(): Finding {
  const { node: version, tz } = process.versions;
  const major = Number.parseInt(version, 10);
  return major >= 26
    ? { level: 'ok', what: 'node', text: `${version}, time zones ${tz}` }
    : { level: 'fail', what: 'node', text: `${version} is too old: run it with npm, or use 26` };
}

const LOOPBACK = /^(127\.|localhost$|::1$)/;

function settings(config: Config): Finding[] {
  const at = `${config.host}:${config.port}, store ${nameOfStore(config.store)}`;
  const findings: Finding[] = [{ level: 'ok', what: 'configuration', text: at }];
  if (config.publicUrl === undefined) {
    const text = 'is not set: feeds carry no addresses; set it to where others reach this server';
    findings.push({ level: 'warn', what: 'PUBLIC_URL', text });
  } else if (config.publicUrl.startsWith('http:') && !LOOPBACK.test(config.host)) {
    const text = 'is plain http: tokens travel readable; put a proxy with TLS in front';
    findings.push({ level: 'warn', what: 'PUBLIC_URL', text });
  }
  if (config.publicUrl !== undefined && config.trustProxy === undefined) {
    const text =
      'is not set: behind a proxy, all requests count for its address; set it to where the proxy is, such as loopback';
    findings.push({ level: 'warn', what: 'TRUST_PROXY', text });
  }
  return findings;
}

function dataFolder({ dataDir }: Config): Finding {
  const what = 'data folder';
  if (!existsSync(dataDir)) return missingFolder(dataDir);
  if (!statSync(dataDir).isDirectory()) {
    const text = `${dataDir} is a file: move it, or choose another folder with DATA_DIR`;
    return { level: 'fail', what, text };
  }
  if (!writable(dataDir)) {
    return { level: 'fail', what, text: `no right to write ${dataDir}: give it to this user` };
  }
  return isClosed(dataDir)
    ? { level: 'ok', what, text: resolve(dataDir) }
    : { level: 'warn', what, text: `others may look into ${dataDir}: chmod -R go= ${dataDir}` };
}

/** Where the system has such rights at all, nobody else has one. */
const isClosed = (path: string): boolean =>
  process.platform === 'win32' || (statSync(path).mode & 0o077) === 0;

function missingFolder(dataDir: string): Finding {
  const what = 'data folder';
  let parent = resolve(dataDir);
  while (!existsSync(parent)) parent = dirname(parent);
  if (!statSync(parent).isDirectory() || !writable(parent)) {
    const text = `${dataDir} cannot be made under ${parent}: choose another folder with DATA_DIR`;
    return { level: 'fail', what, text };
  }
  return { level: 'ok', what, text: `${dataDir} is not there yet: serve or import makes it` };
}

function writable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

const FENCED =
  'it takes no more events since it was copied: serve the copy, or release it with copy --release';

async function store(config: Config): Promise<{ finding: Finding; head: Head | undefined }> {
  const what = 'store';
  const name = nameOfStore(config.store);
  let opened: EventStore | undefined;
  try {
    if (config.store.kind === 'sqlite' && !exists(name)) {
      const text = `${name} is not there yet: serve or import makes it`;
      return { finding: { level: 'ok', what, text }, head: undefined };
    }
    opened = await openStore(config.store);
    const head = await opened.head();
    const text = head === undefined ? 'empty' : `last event ${head.id} of ${head.recordedAt}`;
    if (config.store.kind === 'sqlite' && isStoreFenced(name)) {
      return { finding: { level: 'warn', what, text: `${name}, ${text}; ${FENCED}` }, head };
    }
    return { finding: { level: 'ok', what, text: `${name}, ${text}` }, head };
  } catch (error) {
    return { finding: { level: 'fail', what, text: explain(error).text }, head: undefined };
  } finally {
    await opened?.close();
  }
}

function views(config: Config): Finding {
  const what = 'views';
  const folder = join(config.dataDir, 'views');
  if (!existsSync(folder)) {
    return { level: 'ok', what, text: 'not built yet: serve builds them from the store' };
  }
  try {
    const owner = isOwned(folder) ? 'in use by a running server' : 'free';
    const dead = deadLetters(folder);
    if (dead === 0) return { level: 'ok', what, text: `${folder}, ${owner}` };
    const text = `${folder}, ${owner}; events that could not be applied: ${dead}; /admin/dead-letters says which and why`;
    return { level: 'warn', what, text };
  } catch (error) {
    return { level: 'fail', what, text: explain(error).text };
  }
}

function isOwned(folder: string): boolean {
  const lock = tryLock(folder);
  lock?.release();
  return lock === undefined;
}

const deadLetters = (folder: string): number =>
  ALL_VIEWS.map(({ projection }) => new ViewFiles(folder, projection.name).current())
    .map((file) => (file === undefined ? 0 : (deadLettersIn(file) ?? 0)))
    .reduce((sum, count) => sum + count, 0);

/** A clock this far behind the log is wrong. */
const TOLERANCE_MS = 60_000;
/** Less may be that of another node, which does no harm but tells of the wrong moment. */
const SUSPICIOUS_MS = 5_000;

function clockFinding(nowMs: number, head: Head | undefined): Finding {
  const what = 'clock';
  const now = new Date(nowMs).toISOString();
  const ahead = head === undefined ? 0 : Date.parse(head.recordedAt) - nowMs;
  if (ahead <= SUSPICIOUS_MS) return { level: 'ok', what, text: now };
  const text = `${now} is before the last event (${head?.recordedAt}): set the clock of this machine, for example with NTP`;
  return { level: ahead <= TOLERANCE_MS ? 'warn' : 'fail', what, text };
}
