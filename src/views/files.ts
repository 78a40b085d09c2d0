import { randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';

/**
 * The files of one view: `<view>.current` names the file that is the view now, `<view>-<uuid>.db`. A name is
 * never used twice, so no open database is ever renamed over or mistaken for another.
 */
export class ViewFiles {
  readonly #folder: string;
  readonly #view: string;

  constructor(folder: string, view: string) {
    this.#folder = folder;
    this.#view = view;
  }

  /** The path of a file to build. */
  fresh(): string {
    return join(this.#folder, `${this.#view}-${randomUUID()}.db`);
  }

  /** The path of the current file; undefined when there is none, or the pointer names none of ours. */
  current(): string | undefined {
    const pointer = this.#pointer();
    if (!existsSync(pointer)) return undefined;
    const name = readFileSync(pointer, 'utf8').trim();
    const file = join(this.#folder, name);
    return this.#isDatabase(name) && existsSync(file) ? file : undefined;
  }

  /** Makes a finished, closed file the current one, so that a power cut leaves the old pointer or the new. */
  switchTo(file: string): void {
    sync(file, 'r+');
    const temporary = `${this.#pointer()}.tmp`;
    writeFileSync(temporary, `${basename(file)}\n`, { flush: true });
    renameSync(temporary, this.#pointer());
    // On Windows a folder cannot be opened; there the rename is as durable as it gets.
    if (process.platform !== 'win32') sync(this.#folder, 'r');
  }

  /** Forgets the current file: whatever it holds must not be served again. */
  discard(): void {
    rmSync(this.#pointer(), { force: true });
    this.sweep();
  }

  /** Deletes what interrupted builds and old versions left, and nothing that is not ours. */
  sweep(): void {
    const current = this.current();
    for (const name of readdirSync(this.#folder)) {
      const file = join(this.#folder, name);
      const ours = name === `${this.#view}.current.tmp` || this.#isDatabase(name);
      const kept = current !== undefined && file.startsWith(current);
      if (ours && !kept) rmSync(file, { force: true });
    }
  }

  #pointer(): string {
    return join(this.#folder, `${this.#view}.current`);
  }

  #isDatabase(name: string): boolean {
    const prefix = `${this.#view}-`;
    return (
      name.startsWith(prefix) &&
      /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.db(-wal|-shm|-journal)?$/.test(
        name.slice(prefix.length),
      )
    );
  }
}

// 'r+' for files, since Windows syncs no handle that cannot write; folders open for reading only.
function sync(path: string, flags: 'r' | 'r+'): void {
  const fd = openSync(path, flags);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
