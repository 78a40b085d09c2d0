import { ViewFiles } from './files.ts';
import { describeFile, LiveView, type LiveViewOptions } from './live-view.ts';

export interface ViewSlotOptions extends LiveViewOptions {
  readonly folder: string;
  /** See definitionOf. */
  readonly definition: string;
}

/** For how long those who were reading a replaced view may go on, in milliseconds. */
const GRACE_MS = 30_000;

/** The one open view of a folder, and the change from one file to another. */
export class ViewSlot {
  readonly #options: ViewSlotOptions;
  readonly #files: ViewFiles;
  readonly #retired = new Map<LiveView, NodeJS.Timeout>();
  #view: LiveView | undefined;

  constructor(options: ViewSlotOptions) {
    this.#options = options;
    this.#files = new ViewFiles(options.folder, options.projection.name);
  }

  get view(): LiveView | undefined {
    return this.#view;
  }

  /** The path of a file to build. */
  fresh(): string {
    return this.#files.fresh();
  }

  /** Deletes a file that will not serve. */
  remove(file: string): void {
    this.#files.remove(file);
  }

  /** How many events the file that is current holds, whatever its definition: about as many come again. */
  eventsBefore(): number | undefined {
    const file = this.#files.current();
    return file === undefined ? undefined : describeFile(file)?.events;
  }

  /** The definition of the file that is current; undefined when there is none, or it is no view. */
  definitionBefore(): string | undefined {
    const file = this.#files.current();
    return file === undefined ? undefined : describeFile(file)?.definition;
  }

  /** Opens the current file, unless it is damaged or of another definition; deletes what is not current. */
  open(): LiveView | undefined {
    this.#files.usePrepared((file) => describeFile(file)?.definition === this.#options.definition);
    this.#files.sweep();
    const file = this.#files.current();
    this.#view = file === undefined ? undefined : this.#openFile(file);
    return this.#view;
  }

  /** Opens a file that was just built, and is not current yet. */
  openBuilt(file: string): LiveView | undefined {
    this.#files.finish(file);
    return this.#openFile(file);
  }

  /**
   * Makes an open view the current one. Readers of the one before have a moment to finish; its file is gone
   * at once, where the system allows that.
   */
  switchTo(next: LiveView): void {
    this.#files.switchTo(next.file);
    const before = this.#view;
    this.#view = next;
    if (before !== undefined) this.#retire(before);
  }

  /** Deletes what is not current: only while nothing is in the making. */
  sweep(): void {
    this.#files.sweep();
  }

  /** The view must not be served again. */
  discard(): void {
    this.release();
    this.#files.discard();
  }

  release(): void {
    for (const view of this.#retired.keys()) this.#close(view);
    this.#view?.close();
    this.#view = undefined;
  }

  #openFile(file: string): LiveView | undefined {
    return LiveView.open(file, this.#options.definition, this.#options);
  }

  #retire(view: LiveView): void {
    view.stopWriting();
    this.#files.remove(view.file);
    this.#retired.set(view, setTimeout(() => this.#close(view), GRACE_MS).unref());
  }

  // Its own file only: another one may be in the making.
  #close(view: LiveView): void {
    clearTimeout(this.#retired.get(view));
    this.#retired.delete(view);
    view.close();
    this.#files.remove(view.file);
  }
}
