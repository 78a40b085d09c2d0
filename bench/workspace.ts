import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogShape } from './generator/log.ts';
import type { LogJob } from './jobs/log.ts';
import type { LogSummary } from './log-file.ts';
import { once } from './processes.ts';

/** A data folder as serve has it, its store filled with a generated log. */
export interface Log extends LogSummary {
  readonly folder: string;
  readonly file: string;
}

/** The events a day and the meetings alive at a time of a busy desk. */
const DESK = { alive: 3_000, perDay: 120 };
const SEED = 20_211_121;
/** What a feed shows is measured on a log of as many meetings. */
const FEED_DAYS = 20;
const EVENTS_A_MEETING = 9;

type LogName = 'main' | 'quarter' | 'worst' | 'empty';

function shapeOf(name: LogName, events: number): LogShape {
  switch (name) {
    case 'main':
      return { ...DESK, seed: SEED, size: { events } };
    case 'quarter':
      return { ...DESK, seed: SEED, size: { events: Math.ceil(events / 4) } };
    case 'worst': {
      const meetings = Math.ceil(events / EVENTS_A_MEETING);
      return { ...DESK, seed: SEED, size: { meetings }, alive: meetings };
    }
    case 'empty':
      return { ...DESK, seed: SEED, size: { events: 0 } };
  }
}

// So many events a day that the whole log lies within the year that a feed shows.
const feedShape = (entries: number): LogShape => ({
  ...{ ...DESK, seed: SEED, size: { meetings: entries } },
  ...{ perDay: Math.ceil(entries / FEED_DAYS), allShown: true },
});

/** The one temporary folder of a run. Logs are made when first asked for. */
export class Workspace {
  readonly folder: string;
  readonly #events: number;
  readonly #say: (text: string) => void;
  readonly #logs = new Map<string, Promise<Log>>();
  #files = 0;

  constructor(events: number, say: (text: string) => void) {
    this.folder = mkdtempSync(join(tmpdir(), 'chancery-bench-'));
    this.#events = events;
    this.#say = say;
  }

  log(name: LogName): Promise<Log> {
    return this.#kept(name, () => shapeOf(name, this.#events));
  }

  /** One of as many meetings, each of which a feed shows. */
  feedLog(entries: number): Promise<Log> {
    return this.#kept(`feed-${entries}`, () => feedShape(entries));
  }

  #kept(name: string, shape: () => LogShape): Promise<Log> {
    const log = this.#logs.get(name) ?? this.#make(name, shape());
    this.#logs.set(name, log);
    return log;
  }

  /** A path in the folder that nothing has. */
  fresh(): string {
    this.#files += 1;
    return join(this.folder, `file-${this.#files}`);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #make(name: string, shape: LogShape): Promise<Log> {
    this.#say(`making the log "${name}"`);
    const folder = join(this.folder, name);
    mkdirSync(folder);
    const file = join(folder, 'chancery.db');
    const summary = await once<LogJob, 'write'>('log', 'write', { file, shape });
    return { ...summary, folder, file };
  }
}
