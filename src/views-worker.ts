import { parentPort, workerData } from 'node:worker_threads';
import { viewNamed } from './all-views.ts';
import { type Failure, failureOf } from './background-failed.ts';
import { openStore, type StoreSettings } from './open-store.ts';
import type { BuildProgress } from './views/build.ts';
import { messageOf } from './views/errors.ts';
import type { NamedEvent } from './views/rebuild.ts';
import { type Verification, verifyView } from './views/verify.ts';
import { buildWhole } from './views/whole-build.ts';

/** The long work on views, in a thread of its own: it reads the store by itself and never touches the serving one. */

export type ViewsJob = {
  readonly store: StoreSettings;
  /** Its name: see ALL_VIEWS. */
  readonly view: string;
  /** The file to build. */
  readonly file: string;
} & (
  | { readonly kind: 'build'; readonly strict: boolean; readonly expected: number | undefined }
  /** `stored`: the view's file, which is compared with what is built. */
  | { readonly kind: 'verify'; readonly stored: string }
);

export type ViewsMessage =
  | { readonly kind: 'progress'; readonly progress: BuildProgress }
  | { readonly kind: 'done'; readonly verification?: Verification }
  | { readonly kind: 'dead-letter'; readonly event: NamedEvent; readonly reason: string }
  /** The fast build failed, and a slower one begins. */
  | { readonly kind: 'slow'; readonly reason: string }
  | ({ readonly kind: 'failed' } & Failure);

async function carryOut(job: ViewsJob): Promise<ViewsMessage> {
  const store = await openStore(job.store);
  const onProgress = (progress: BuildProgress) => say({ kind: 'progress', progress });
  const onSlow = (error: unknown) => say({ kind: 'slow', reason: messageOf(error) });
  const common = { store, ...viewNamed(job.view), onProgress, onSlow };
  try {
    if (job.kind === 'build') {
      const { file, strict, expected } = job;
      const onDeadLetter = ({ id, stream, revision, type }: NamedEvent, reason: string) =>
        say({ kind: 'dead-letter', event: { id, stream, revision, type }, reason });
      await buildWhole({ ...common, file, strict, expected, onDeadLetter });
      return { kind: 'done' };
    }
    const { stored, file } = job;
    return {
      kind: 'done',
      verification: await verifyView({ ...common, file: stored, scratch: file }),
    };
  } finally {
    await store.close();
  }
}

const say = (message: ViewsMessage): void => parentPort?.postMessage(message);

try {
  say(await carryOut(workerData as ViewsJob));
} catch (error) {
  say({ kind: 'failed', ...failureOf(error) });
}
