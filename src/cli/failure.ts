import { basename } from 'node:path';
import { ConfigError } from '../config.ts';
import { CopyRefused } from '../copy.ts';
import { IdTaken, InvalidInput, NotFound, Rejected } from '../handle.ts';
import { LocalDamaged } from '../local/export.ts';
import { MetricsPortTaken } from '../metrics-server.ts';
import { StoreInvalid, StoreUnavailable } from '../store/event-store.ts';
import { DeadLetterFound, RebuildRunning, ViewsOwned, ViewsUnusable } from '../views/errors.ts';
import { NotComparable } from '../views/verify.ts';
import { DossierError } from './dossier.ts';

export const EXIT = { fine: 0, failed: 1, usage: 2 } as const;

/** A mistake or a circumstance that the user can mend: the message says what it is and what to do. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
  readonly code = 'command-failed';
}

/** What was given on the command line cannot be: the message says which option, and what it takes. */
export class WrongUsage extends Error {
  override readonly name = 'WrongUsage';
  readonly code = 'wrong-usage';
}

const OURS = [
  CommandFailed,
  CopyRefused,
  DossierError,
  StoreInvalid,
  StoreUnavailable,
  ViewsOwned,
  ViewsUnusable,
  DeadLetterFound,
  RebuildRunning,
  NotComparable,
  MetricsPortTaken,
  LocalDamaged,
  InvalidInput,
  IdTaken,
  NotFound,
  Rejected,
];

/** What an error means to the person at the terminal: one line, unless it is a fault of the program. */
export function explain(error: unknown): { readonly text: string; readonly exit: number } {
  if (error instanceof ConfigError || error instanceof WrongUsage) {
    return { text: error.message, exit: EXIT.usage };
  }
  if (OURS.some((kind) => error instanceof kind)) {
    return { text: (error as Error).message, exit: EXIT.failed };
  }
  const system = systemText(error) ?? fileText(error);
  if (system !== undefined) return { text: system, exit: EXIT.failed };
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { text: `this is a fault of the program, please report it: ${text}`, exit: EXIT.failed };
}

const CURES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there: stop it, or choose another port with PORT',
  EADDRNOTAVAIL: 'this machine has no such address: set HOST to one it has, such as 127.0.0.1',
  ENOTFOUND: 'this host name is not known: set HOST to an address of this machine',
  EACCES: 'no right to do this: change the rights, or choose another place or port',
  EPERM: 'no right to do this: change the rights, or choose another place',
  EROFS: 'the disk is read-only: choose another folder with DATA_DIR',
  ENOSPC: 'the disk is full: make room, or choose another folder with DATA_DIR',
  ENOENT: 'no such file or folder: check the path',
  ENOTDIR: 'a part of the path is a file, not a folder: choose another path',
  EEXIST: 'there is a file where a folder should be: move it, or choose another folder',
  EISDIR: 'it is a folder, not a file: name a file',
  EMFILE: 'too many open files: raise the limit (ulimit -n)',
};

function systemText(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return;
  const cure = CURES[error.code];
  if (cure === undefined) return;
  return `${subject(error)}: ${cure}`;
}

/** What SQLite says of files beside the store, by its primary result code (https://sqlite.org/rescode.html). */
const FILE_CURES: Readonly<Record<number, string>> = {
  3: 'no right to do this: give this user the right to read and write DATA_DIR and all in it',
  8: 'no right to do this: give this user the right to read and write DATA_DIR and all in it',
  10: 'a file cannot be read or written: check the disk',
  11: 'a file is damaged: doctor says which',
  13: 'make room, or choose another folder with DATA_DIR',
  14: 'a file cannot be opened: give this user the right to read and write DATA_DIR and all in it',
  26: 'a file is damaged: doctor says which',
};

function fileText(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  const cure = typeof error.errcode === 'number' ? FILE_CURES[error.errcode & 0xff] : undefined;
  return cure && `${error.message}: ${cure}`;
}

/** The address or path that the system call was about. */
function subject(error: Error): string {
  const { address, port, path, hostname } = error as {
    address?: string;
    port?: number;
    path?: string;
    hostname?: string;
  };
  if (port !== undefined) return `${address ?? hostname ?? ''}:${port}`;
  return path ?? address ?? hostname ?? basename(error.message);
}
