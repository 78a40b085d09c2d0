import { openDatabase } from '../src/store/sqlite/database.ts';
import { transaction } from '../src/views/database.ts';
import { generateLog, type LogEvent, type LogShape } from './generator/log.ts';

export interface LogSummary {
  readonly events: number;
  readonly meetings: number;
  /** When the last event was recorded, in ms since 1970. */
  readonly lastMs: number;
}

const PER_TRANSACTION = 10_000;

export const INSERT =
  'INSERT INTO events (stream, revision, id, type, data, meta) VALUES (?, ?, ?, ?, ?, ?)';

/** An event as the columns that INSERT takes. */
export const columnsOf = ({ stream, revision, id, type, data, meta }: LogEvent) =>
  [stream, revision, id, type, JSON.stringify(data), JSON.stringify(meta)] as const;

/** Makes a store file of a generated log: by the store's own tables, but without waiting for the disk. */
export function writeLog(file: string, shape: LogShape): LogSummary {
  const db = openDatabase(file);
  db.exec('PRAGMA synchronous = OFF');
  const insert = db.prepare(INSERT);
  const summary = { events: 0, meetings: 0, lastMs: 0 };
  for (const batch of batches(generateLog(shape))) {
    transaction(db, () => {
      for (const event of batch) insert.run(...columnsOf(event));
    });
    summary.events += batch.length;
    for (const { meta, stream, revision } of batch) {
      summary.lastMs = Math.max(summary.lastMs, Date.parse(meta.recordedAt));
      if (revision === 0 && stream.startsWith('meeting-')) summary.meetings += 1;
    }
  }
  db.close();
  return summary;
}

function* batches(events: Iterable<LogEvent>): Generator<LogEvent[]> {
  let batch: LogEvent[] = [];
  for (const event of events) {
    batch.push(event);
    if (batch.length < PER_TRANSACTION) continue;
    yield batch;
    batch = [];
  }
  yield batch;
}
