import { CommandFailed } from './failure.ts';

/**
 * Runs work that leaves files in the making: an interrupt aborts it, so that it can clean up, and is a failure.
 * @param message what is said then
 */
export async function interruptible<T>(
  message: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const abort = new AbortController();
  const interrupted = () => abort.abort(new CommandFailed(`interrupted: ${message}`));
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    return await work(abort.signal);
  } finally {
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
  }
}
