import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ALL_VIEWS } from '../all-views.ts';
import type { Config } from '../config.ts';
import { findOwner, type Owner } from '../owner.ts';
import { tryLock } from '../views/lock.ts';
import { type OfflineOptions, prepareView, rebuildOffline } from '../views/prepare.ts';
import type { RebuildStatus } from '../views/rebuild.ts';
import { buildReport } from './build-report.ts';
import { CommandFailed, EXIT } from './failure.ts';
import { interruptible } from './interrupt.ts';
import { openExistingStore } from './store.ts';

export interface RebuildOptions {
  /** Set events aside that cannot be applied, instead of failing. */
  readonly skip: boolean;
  /** Only build this version's file beside the one in use. */
  readonly prepare: boolean;
}

/** Builds the views anew from the log: by the server that owns them when one runs, else here. */
export async function rebuild(config: Config, options: RebuildOptions): Promise<number> {
  const folder = join(config.dataDir, 'views');
  await (await openExistingStore(config)).close();
  if (options.prepare) return prepare(config, folder, options.skip);
  const lock = tryLock(folder);
  if (lock === undefined) return askOwner(folder, options.skip);
  try {
    const events = await inPlace(config, folder, options.skip, rebuildOffline);
    process.stdout.write(`views rebuilt from ${events} events\n`);
    return EXIT.fine;
  } finally {
    lock.release();
  }
}

async function prepare(config: Config, folder: string, skip: boolean): Promise<number> {
  const events = await inPlace(config, folder, skip, prepareView);
  process.stdout.write(
    events === undefined
      ? 'there are views of this version already: nothing to prepare\n'
      : `views of this version are prepared from ${events} events: the next start uses them\n`,
  );
  return EXIT.fine;
}

/** Builds every view in this process, with progress; an interrupt ends it and leaves what there was. */
async function inPlace<T>(
  config: Config,
  folder: string,
  skip: boolean,
  build: (options: OfflineOptions) => Promise<T>,
): Promise<T | undefined> {
  const store = await openExistingStore(config);
  const report = buildReport();
  try {
    return await interruptible('the old views stay', async (signal) => {
      let built: T | undefined;
      for (const view of ALL_VIEWS) {
        const made = await build({
          ...{ store, folder, ...view },
          ...{ signal, strict: !skip, onProgress: report.update, onSlow: report.slow },
        });
        built = made ?? built;
      }
      return built;
    });
  } finally {
    report.end();
    await store.close();
  }
}

/** As `GET /admin/rebuild` answers. */
type Answer = Pick<RebuildStatus, 'state' | 'progress' | 'problem'> & {
  readonly finishedAt: string | null;
};

/** Milliseconds between two questions to the server that rebuilds. */
const POLL_MS = 200;

async function askOwner(folder: string, skip: boolean): Promise<number> {
  const owner = findOwner(folder);
  if (owner === undefined) {
    throw new CommandFailed(
      `the views in ${folder} are in use, but not by a server that answers: try again`,
    );
  }
  await ask(owner, 'POST', { skip });
  const report = buildReport();
  const interrupted = () => void ask(owner, 'DELETE').catch(() => {});
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    for (;;) {
      const status = await ask(owner, 'GET');
      if (status.progress !== undefined) report.update(status.progress);
      if (status.finishedAt !== null) return tell(status);
      await delay(POLL_MS);
    }
  } finally {
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
    report.end();
  }
}

function tell({ state, progress, problem }: Answer): number {
  if (state === 'done') {
    process.stdout.write(
      `views rebuilt by the running server from ${progress?.done ?? 0} events\n`,
    );
    return EXIT.fine;
  }
  throw new CommandFailed(`${problem ?? 'cancelled'}. The old views go on serving`);
}

async function ask(owner: Owner, method: string, body?: object): Promise<Answer> {
  const response = await fetch(`${owner.url}/admin/rebuild`, {
    method,
    headers: {
      authorization: `Bearer ${owner.token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch((error) => {
    throw new CommandFailed(`the server at ${owner.url} does not answer: ${error.message}`);
  });
  const answer = (await response.json()) as Answer & { detail?: string };
  if (response.ok) return answer;
  throw new CommandFailed(answer.detail ?? `the server answered ${response.status}`);
}
