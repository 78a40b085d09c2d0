import { EXIT } from './failure.ts';

/** What could not be written to standard output, and what then becomes of the command. */

let failed: string | undefined;

/** What nobody can read is dropped, and the work goes on to its end, which then says so. */
export function outliveReaders(): void {
  process.stdout.on('error', noteOutputError);
  // There is nobody left to tell.
  process.stderr.on('error', () => {});
  // Not before: errors of the last writes come after the work.
  process.on('exit', () => {
    if (failed === undefined) return;
    process.stderr.write(
      `chancery: the output cannot be written (${failed}): make room, or send it elsewhere. A token or address that it was to show is lost: revoke it, and make another\n`,
    );
    process.exitCode ||= EXIT.failed;
  });
}

/** Whoever read the output has seen enough (`export | head`): that is no failure. */
export function noteOutputError(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') failed ??= error.code ?? error.message;
}

/** Whether writing failed, and not what was to be written. */
export const isOutputError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error && error.syscall === 'write';
