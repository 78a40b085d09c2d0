import { hash } from 'node:crypto';
import { constants, crc32, deflateRawSync, gunzipSync } from 'node:zlib';
import { expect } from 'vitest';
import type { EntryRow } from '../../../projections/entry.ts';
import {
  type EntrySource,
  type Feed,
  FeedComposer,
  type FeedRequest,
  type FeedTools,
  lint,
  type RowChange,
} from '../../../src/ical/index.ts';
import { options } from './rows.ts';

export const TODAY = '2022-07-01';

export const request = (changes: Partial<FeedRequest> = {}): FeedRequest => ({
  name: 'Chancery',
  options: options(),
  todayUtc: TODAY,
  ...changes,
});

/** Real hash and compression, with counts of what was asked of them. */
export class CountingTools implements FeedTools {
  hashes = 0;
  zips = 0;
  pauses = 0;
  /** Whether turns are as short as can be. */
  hasty = false;
  /** What happens while other work has its turn. */
  meanwhile: () => void | Promise<void> = () => {};

  /** The hash that fails, counted from the first. */
  failsAt: number | undefined;

  readonly sha256 = (bytes: Uint8Array) => {
    this.hashes += 1;
    if (this.hashes === this.failsAt) throw new Error('no memory');
    return hash('sha256', bytes, 'latin1');
  };
  readonly deflate = async (bytes: Buffer) => {
    this.zips += 1;
    return deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
  };
  readonly crc32 = (bytes: Buffer) => crc32(bytes);
  readonly due = () => this.hasty;
  readonly pause = async () => {
    this.pauses += 1;
    await this.meanwhile();
  };
}

/** The bytes as one run, as a reader gets them. */
export async function bytesOf(feed: Feed): Promise<Buffer> {
  const bytes = Buffer.concat(await feed.plain());
  expect(lint(bytes)).toEqual([]);
  return bytes;
}
export const bodyOf = async (feed: Feed): Promise<string> => (await bytesOf(feed)).toString();

export const unzipped = (chunks: readonly Buffer[]): string =>
  gunzipSync(Buffer.concat(chunks)).toString();

/** Rows in memory behind the port. Each put or removal takes the next version. */
export class Rows implements EntrySource {
  readonly key: string;
  /** How often each row was rendered: its sequence is read once for that, and nowhere else. */
  readonly renders = new Map<string, number>();
  asked = 0;
  version = 0;
  private readonly changes = new Map<string, RowChange>();

  constructor(rows: readonly EntryRow[] = [], key = 'public') {
    this.key = key;
    for (const row of rows) this.put(row);
  }

  put(row: EntryRow, version = this.version + 1): void {
    this.version = version;
    const watched = this.watched({ ...row, version });
    this.changes.set(row.id, { id: row.id, version, row: () => this.looked(watched) });
  }

  remove(id: string): void {
    this.version += 1;
    this.changes.set(id, { id, version: this.version, row: () => null });
  }

  /** Reads that were not of one state: see inOneState. */
  loose = 0;
  private isSteady = false;

  inOneState<T>(work: () => T): T {
    this.isSteady = true;
    try {
      return work();
    } finally {
      this.isSteady = false;
    }
  }

  changesAfter(after: number, limit: number): readonly RowChange[] {
    this.asked += 1;
    if (!this.isSteady) this.loose += 1;
    return [...this.changes.values()]
      .filter((change) => change.version > after)
      .sort((a, b) => a.version - b.version)
      .slice(0, limit);
  }

  private looked<T>(row: T): T {
    if (!this.isSteady) this.loose += 1;
    return row;
  }

  private watched(row: EntryRow): EntryRow {
    const { renders } = this;
    const { sequence } = row;
    return Object.defineProperty({ ...row }, 'sequence', {
      get: () => {
        renders.set(row.id, (renders.get(row.id) ?? 0) + 1);
        return sequence;
      },
    });
  }
}

/** The text of a feed of these rows. */
export async function feedText(
  rows: readonly EntryRow[],
  changes: Partial<FeedRequest> = {},
  publicUrl?: string,
): Promise<string> {
  const addresses = publicUrl === undefined ? {} : { publicUrl };
  const composer = new FeedComposer(new CountingTools(), addresses);
  const feed = await composer.read(new Rows(rows), request(changes));
  return bodyOf(feed);
}
