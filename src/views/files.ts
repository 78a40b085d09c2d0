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
import { isDeepStrictEqual } from 'node:util';

/** The current and the prepared file. */
type Named = readonly [current: string | undefined, prepared: string | undefined];

const SIDECARS = ['', '-wal', '-shm', '-journal'];

/**
 * The files of one view: `<view>.current` names the file that is the view now, `<view>-<uuid>.db`, and on a
 * second line one that was prepared for another definition. A name is never used twice, so no open database
 * is ever renamed over or mistaken for another.
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
    return this.#named()[0];
  }

  /** The path of a finished file for another definition. */
  prepared(): string | undefined {
    return this.#named()[1];
  }

  /**
   * Has a finished file reach the disk. Before it is opened: closing another handle on an open database would
   * drop its locks (https://sqlite.org/howtocorrupt.html §2.2).
   */
  finish(file: string): void {
    sync(file, 'r+');
  }

  /** Makes a finished file the current one, so that a power cut leaves the old pointer or the new. */
  switchTo(file: string): void {
    this.#point(([, prepared]) => [file, prepared === file ? undefined : prepared]);
  }

  /** Names a finished file as the one to use when its definition is asked for. */
  prepare(file: string): void {
    this.#point(([current]) => [current, file]);
  }

  /** Makes the prepared file the current one, if it is wanted. */
  usePrepared(isWanted: (file: string) => boolean): void {
    const wanted = this.prepared();
    if (wanted === undefined || !isWanted(wanted)) return;
    this.#point(([current, prepared]) =>
      prepared === wanted ? [wanted, undefined] : [current, prepared],
    );
  }

  /** Forgets the current file: whatever it holds must not be served again. */
  discard(): void {
    rmSync(this.#pointer(), { force: true });
    this.sweep();
  }

  /** Deletes what interrupted builds and old versions left, and nothing that is not ours. */
  sweep(): void {
    const named = this.#named();
    for (const name of readdirSync(this.#folder)) {
      const file = join(this.#folder, name);
      const ours = this.#isTemporary(name) || this.#isDatabase(name);
      const kept = named.some((path) => path !== undefined && file.startsWith(path));
      if (ours && !kept) this.#tryRemove(file);
    }
  }

  /** Deletes one file of ours with what SQLite keeps beside it. */
  remove(file: string): void {
    for (const suffix of SIDECARS) this.#tryRemove(`${file}${suffix}`);
  }

  /** What cannot be deleted (open on Windows, no right) stays until the next sweep: it is in nobody's way. */
  #tryRemove(file: string): void {
    try {
      rmSync(file, { force: true });
    } catch {
      // See above.
    }
  }

  /** The current and the prepared file; undefined where the pointer names none that is there. */
  #named(): Named {
    const pointer = this.#pointer();
    if (!existsSync(pointer)) return [undefined, undefined];
    const [current, prepared] = readFileSync(pointer, 'utf8').split('\n');
    return [this.#existing(current), this.#existing(prepared)];
  }

  #existing(name = ''): string | undefined {
    const file = join(this.#folder, name);
    return this.#isDatabase(name) && existsSync(file) ? file : undefined;
  }

  /** Another process may prepare a file while the owner switches: what it wrote meanwhile is looked at again. */
  #point(change: (named: Named) => Named): void {
    const temporary = `${this.#pointer()}.${randomUUID()}.tmp`;
    let read: Named;
    do {
      read = this.#named();
      const names = change(read).map((file) => (file === undefined ? '' : basename(file)));
      writeFileSync(temporary, `${names.join('\n').trimEnd()}\n`, { flush: true });
    } while (!isDeepStrictEqual(this.#named(), read));
    renameSync(temporary, this.#pointer());
    // On Windows a folder cannot be opened; there the rename is as durable as it gets.
    if (process.platform !== 'win32') sync(this.#folder, 'r');
  }

  #pointer(): string {
    return join(this.#folder, `${this.#view}.current`);
  }

  #isTemporary(name: string): boolean {
    return name.startsWith(`${this.#view}.current.`) && name.endsWith('.tmp');
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
