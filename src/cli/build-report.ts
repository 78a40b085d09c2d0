import type { BuildProgress } from '../views/build.ts';
import { messageOf } from '../views/errors.ts';
import { createProgress, type Progress } from './progress.ts';

/** Tells the person at the terminal how a build of views goes. */
export interface BuildReport {
  update(progress: BuildProgress): void;
  /** The fast build has failed, and a slower one begins. */
  slow(error: unknown): void;
  end(): void;
}

/**
 * A bar with rate and time left on a terminal, plain lines elsewhere.
 * @param what is being done, said before the figures
 * @param quietMs a build that is over by then is not worth a word
 */
export function buildReport(what = '', quietMs = 0): BuildReport {
  const begun = performance.now();
  let progress: Progress | undefined;
  return {
    update({ done, total = 0, rate }) {
      if (performance.now() - begun < quietMs) return;
      progress ??= createProgress(process.stderr, total);
      const left = rate > 0 && total > done ? `, ${Math.ceil((total - done) / rate)} s left` : '';
      progress.update(done, `${what}${done} events, ${rate} a second${left}`);
    },
    slow(error) {
      progress?.clear();
      process.stderr.write(
        `the rows of an event cannot be written (${messageOf(error)}): going on in small batches\n`,
      );
    },
    end: () => progress?.clear(),
  };
}
