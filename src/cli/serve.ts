import { createReadStream, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import pino from 'pino';
import { type Chancery, openChancery } from '../chancery.ts';
import { type Config, exampleConfig } from '../config.ts';
import type { Handle } from '../handle.ts';
import { buildReport } from './build-report.ts';
import { carryOut } from './carry-out.ts';
import { readDossier } from './dossier.ts';
import { CommandFailed, EXIT } from './failure.ts';
import { LogOutput } from './log-output.ts';
import { safeJson } from './terminal.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/tehran-2021-11.json', import.meta.url));

/** A build at the start that is over by then is not worth a word, in milliseconds. */
const QUICK_MS = 1_000;

/** Serves until SIGTERM or SIGINT. The log goes to standard output, what people want to know beside it. */
export async function serve(given: Config, { example }: { example: boolean }): Promise<number> {
  const config = example ? exampleConfig(given) : given;
  const output = new LogOutput((bytes) => writeSync(process.stdout.fd, bytes), say);
  const log = pino({ level: config.logLevel, hooks: { streamWrite: safeJson } }, output);
  const build = buildReport('building the views: ', QUICK_MS);
  const stopped = stopSignal();
  const stopping = new AbortController();
  void stopped.then(() => stopping.abort());
  const chancery = await openChancery({
    ...{ config, log, example, stopping: stopping.signal },
    ...(example ? { prepare: loadExample } : {}),
    onProgress: build.update,
  }).catch((error: unknown) => {
    // Stopped while it waited for its store: nothing is open, and nothing has failed.
    if (stopping.signal.aborted) return undefined;
    throw error;
  });
  if (chancery === undefined) return EXIT.fine;
  // At once: whoever stops it before the views are ready would never see it, and it is made only once.
  if (chancery.firstToken !== undefined) {
    say(`Admin token, shown only this once: ${chancery.firstToken}`);
  }
  // Fails only when it is closed before: then there is nothing to say.
  chancery.ready.then(
    () => {
      build.end();
      say(welcome(chancery, config.publicUrl, example));
    },
    () => {},
  );
  log.info({ signal: await stopped }, 'stopping');
  await chancery.close();
  log.info('stopped');
  return EXIT.fine;
}

const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

/** `publicUrl`: where subscribers elsewhere reach the server. */
function welcome({ url, clock }: Chancery, publicUrl: string | undefined, example: boolean) {
  const lines = [`Chancery is ready: ${url}`, `Subscribe: ${publicUrl ?? url}/calendar.ics`];
  if (example) {
    const now = new Date(clock()).toISOString().slice(0, 16).replace('T', ' ');
    lines.push(`This is the example. Its clock says ${now} UTC.`);
  }
  return lines.join('\n');
}

/** A second signal ends the process at once. */
function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    whenOrphaned(() => resolve('SIGTERM'));
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(EXIT.failed));
        resolve(signal);
      });
    }
  });
}

/** Milliseconds between two looks at who the parent is. */
const PARENT_MS = 500;

/**
 * npm ends its shell on SIGTERM, and the shell tells nobody: whoever stopped `npm run serve` would leave the
 * server behind. Started otherwise, it may well outlive its parent.
 */
function whenOrphaned(stop: () => void): void {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    stop();
  }, PARENT_MS).unref();
}

async function loadExample(handle: Handle): Promise<void> {
  const refused: string[] = [];
  await carryOut(handle, readDossier(createReadStream(EXAMPLE)), ({ line, reason }) => {
    refused.push(`line ${line}: ${reason}`);
  });
  const [first] = refused;
  if (first === undefined) return;
  throw new CommandFailed(
    `the example cannot be loaded (${first}): delete its folder, example in DATA_DIR, and start again`,
  );
}
