import { join } from 'node:path';
import type { Logger } from 'pino';
import { backgroundVerify } from './background.ts';
import type { AppDeps } from './http/deps.ts';
import type { StoreSettings } from './open-store.ts';
import { isDiskFull, NoRoomForViews, ViewBehind, ViewsUnusable } from './views/errors.ts';
import { openWorkshop } from './views/prepare.ts';
import type { Projector } from './views/projector.ts';
import { RebuildAll } from './views/rebuild-all.ts';
import { slowBuildLog } from './views/status.ts';
import { together, type Verification, whileCurrent } from './views/verify.ts';

export interface OperationsOptions {
  /** In the order in which they are rebuilt and verified. */
  readonly views: readonly [Projector, ...Projector[]];
  readonly store: StoreSettings;
  readonly log: Logger;
  /** The views folder, locked by this process. */
  readonly folder: string;
  /** Aborted when the server closes. */
  readonly signal: AbortSignal;
}

/** What an operator does with the views; the long work is done in threads of its own. */
export function operations(
  options: OperationsOptions,
): Pick<AppDeps, 'rebuilds' | 'deadLetters' | 'verify'> {
  const [first, ...others] = options.views;
  return {
    rebuilds: new RebuildAll([first.rebuilder, ...others.map(({ rebuilder }) => rebuilder)]),
    deadLetters: (limit, before) =>
      options.views
        .flatMap((view) => view.ledger?.deadLetters(limit, before) ?? [])
        .sort((a, b) => b.seq - a.seq)
        .slice(0, limit),
    verify: () =>
      verifyAll(options).catch((error: unknown) => {
        if (!isDiskFull(error)) throw error;
        options.log.warn({ err: error }, 'views are not compared: the disk takes no copy');
        throw new NoRoomForViews(error);
      }),
  };
}

async function verifyAll(options: OperationsOptions): Promise<Verification> {
  const workshop = openWorkshop(options.folder, 'verify');
  try {
    const results: Verification[] = [];
    for (const view of options.views) {
      results.push(await verifyOne(view, workshop.folder, options));
    }
    return together(results);
  } finally {
    workshop.close();
  }
}

/** @throws {ViewBehind} there is no such view yet, it is damaged and built again, or the server is closing */
async function verifyOne(
  view: Projector,
  folder: string,
  { store, log, signal }: OperationsOptions,
): Promise<Verification> {
  const { view: name } = view.status();
  const scratch = join(folder, `${name}.db`);
  const control = { signal, onSlow: slowBuildLog(name, log) };
  const current = () => (signal.aborted ? undefined : view.status().file);
  const result = await whileCurrent(current, async (stored) => {
    try {
      return await backgroundVerify(store, name, { stored, scratch }, control);
    } catch (error) {
      // Errors of another thread keep their names alone.
      const isDamaged = error instanceof Error && error.name === ViewsUnusable.name;
      throw isDamaged ? view.damaged(error, stored) : error;
    }
  });
  if (result === undefined) throw new ViewBehind(name);
  return result;
}
