import { createReadStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
import pino from 'pino';
import { type Chancery, openChancery } from '../chancery.ts';
import { type Config, exampleConfig } from '../config.ts';
import type { Handle } from '../handle.ts';
import type { BuildProgress } from '../views/build.ts';
import { carryOut } from './carry-out.ts';
import { readDossier } from './dossier.ts';
import { CommandFailed, EXIT } from './failure.ts';
import { createProgress, type Progress } from './progress.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/tehran-2021-11.json', import.meta.url));

/** Serves until SIGTERM or SIGINT. The log goes to standard output, what people want to know beside it. */
export async function serve(given: Config, { example }: { example: boolean }): Promise<number> {
  const config = example ? exampleConfig(given) : given;
  const log = pino({ level: config.logLevel });
  const build = buildReport();
  const stopped = stopSignal();
  const chancery = await openChancery({
    ...{ config, log, example },
    ...(example ? { prepare: loadExample } : {}),
    onProgress: build.update,
  });
  // Fails only when it is closed before: then there is nothing to say.
  chancery.ready.then(
    () => {
      build.end();
      say(welcome(chancery, example));
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

function welcome({ url, clock, firstToken }: Chancery, example: boolean): string {
  const lines = [`Chancery is ready: ${url}`, `Subscribe: ${url}/calendar.ics`];
  if (example) {
    const now = new Date(clock()).toISOString().slice(0, 16).replace('T', ' ');
    lines.push(`This is the example. Its clock says ${now} UTC.`);
  }
  if (firstToken !== undefined) {
    lines.push(`Admin token, shown only this once: ${firstToken}`);
  }
  return lines.join('\n');
}

/** A second signal ends the process at once. */
function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(EXIT.failed));
        resolve(signal);
      });
    }
  });
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

/** Tells how far the views are while they are being built; nothing when that is quick. */
function buildReport(): { update(progress: BuildProgress): void; end(): void } {
  const begun = performance.now();
  let progress: Progress | undefined;
  return {
    update({ done, total = 0, rate }) {
      if (performance.now() - begun < QUICK_MS) return;
      progress ??= createProgress(process.stderr, total);
      progress.update(done, `building the views: ${done} events, ${rate} a second`);
    },
    end: () => progress?.clear(),
  };
}

const QUICK_MS = 1_000;
