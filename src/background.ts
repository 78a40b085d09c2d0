import { Worker } from 'node:worker_threads';
import { BackgroundFailed } from './background-failed.ts';
import { threadEnvironment } from './compile-cache.ts';
import type { StoreSettings } from './open-store.ts';
import type { BuildProgress } from './views/build.ts';
import type { BuildFile, NamedEvent } from './views/rebuild.ts';
import type { Verification } from './views/verify.ts';
import type { ViewsJob, ViewsMessage } from './views-worker.ts';

const WORKER = new URL('./views-worker.ts', import.meta.url);

interface Control {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: BuildProgress) => void) | undefined;
  readonly onDeadLetter?: ((event: NamedEvent, reason: string) => void) | undefined;
  readonly onSlow?: ((error: unknown) => void) | undefined;
}

/**
 * Runs a job in a thread of its own, so that requests are not held up. Aborted, the thread ends at once; what
 * it was writing is litter, which the caller deletes.
 */
function inThread(job: ViewsJob, control: Control): Promise<Verification | undefined> {
  const { signal } = control;
  const worker = new Worker(WORKER, { workerData: job, env: threadEnvironment() });
  return new Promise((resolve, reject) => {
    const abort = () => void worker.terminate();
    signal?.addEventListener('abort', abort);
    worker.on('message', (message: ViewsMessage) => {
      if (message.kind === 'done') resolve(message.verification);
      else if (message.kind !== 'failed') tell(control, message);
      else reject(new BackgroundFailed(message));
    });
    worker.on('error', reject);
    worker.on('exit', () => {
      signal?.removeEventListener('abort', abort);
      reject(signal?.aborted ? signal.reason : new Error('the thread ended before its work'));
    });
    if (signal?.aborted === true) abort();
  });
}

type News = Exclude<ViewsMessage, { readonly kind: 'done' | 'failed' }>;

function tell({ onProgress, onDeadLetter, onSlow }: Control, news: News): void {
  if (news.kind === 'progress') onProgress?.(news.progress);
  else if (news.kind === 'dead-letter') onDeadLetter?.(news.event, news.reason);
  else onSlow?.(news.reason);
}

/** Builds files of a view of this store in a thread. */
export const backgroundBuild =
  (store: StoreSettings, view: string): BuildFile =>
  async (job, control) => {
    await inThread({ kind: 'build', store, view, ...job }, control);
  };

/** Verifies a view file of this store in a thread. */
export async function backgroundVerify(
  store: StoreSettings,
  view: string,
  files: { readonly stored: string; readonly scratch: string },
  control: Control = {},
): Promise<Verification> {
  const { stored, scratch } = files;
  const job: ViewsJob = { kind: 'verify', store, view, file: scratch, stored };
  const verification = await inThread(job, control);
  if (verification === undefined) throw new Error('the thread told no result');
  return verification;
}
