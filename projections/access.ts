import { parseStream, type StreamKind } from '../events/envelope.ts';
import { feedPart } from './feeds.ts';
import type { Applier, ProjectedEvent, Projection } from './projection.ts';
import { tokenPart } from './tokens.ts';
import type { ViewDatabase } from './view-database.ts';

/** One kind of stream in the access view: its tables, and how events become their rows. */
export interface AccessPart {
  readonly kind: StreamKind;
  /** CREATE TABLE statements. */
  readonly tables: string;
  readonly indexes: string;
  open(db: ViewDatabase): AccessApplier;
}

export interface AccessApplier {
  /** Computes before it writes: throws without having changed anything, or not at all. */
  apply(event: ProjectedEvent, seq: number): void;
  /** An event of this stream could not be applied: from now on nobody gets in by it. */
  quarantine(id: string): void;
}

const PARTS: readonly AccessPart[] = [tokenPart, feedPart];

/** Every event that was applied, with its stream: there are few, and somebody may wait for any of them. */
const EVENT_TABLE =
  'CREATE TABLE access_events (id TEXT PRIMARY KEY, stream TEXT NOT NULL) STRICT, WITHOUT ROWID;';

/**
 * The access view: who may come in. Apart from the calendar, since it is small, must be there first, and goes
 * on when the calendar is rebuilt.
 */
export const access: Projection = {
  name: 'access',
  definition: 5,
  kinds: PARTS.map(({ kind }) => kind),
  tables: EVENT_TABLE + PARTS.map(({ tables }) => tables).join(''),
  indexes: PARTS.map(({ indexes }) => indexes).join(''),
  open: (db) => openApplier(db),
  has: (db, eventId) =>
    db.prepare('SELECT 1 FROM access_events WHERE id = ?').get(eventId) !== undefined,
};

/** Rows are written at once: there are few, and nothing has to be kept in memory. */
function openApplier(db: ViewDatabase): Applier {
  const appliers = new Map(PARTS.map(({ kind, open }) => [kind as string, open(db)] as const));
  const remember = db.prepare('INSERT OR IGNORE INTO access_events VALUES (?, ?)');
  return {
    apply: (event, seq) => {
      const kind = parseStream(event.stream)?.kind ?? '';
      appliers.get(kind)?.apply(event, seq);
      remember.run(event.id, event.stream);
    },
    flush: () => {},
    quarantine: (stream) => {
      const name = parseStream(stream);
      if (name !== undefined) appliers.get(name.kind)?.quarantine(name.id);
    },
  };
}
