import type { RecordedEvent } from '../../events/envelope.ts';
import type { BuildProgress } from './build.ts';
import type { Checkpoint, Ledger } from './ledger.ts';
import type { ProjectorOptions } from './projector-options.ts';
import type { NamedEvent } from './rebuild.ts';

/** How a view is. Positions are for operators only. */
export interface ViewStatus {
  readonly view: string;
  /**
   * starting: not verified yet; building: nothing to read yet; live: follows the log; degraded: readable
   * if `readable`, but something fails and is tried again; closed.
   */
  readonly state: 'starting' | 'building' | 'live' | 'degraded' | 'closed';
  readonly readable: boolean;
  /** The file that serves. */
  readonly file?: string | undefined;
  readonly definition: string;
  readonly checkpoint: Checkpoint | undefined;
  /** When the last batch was committed, in ms since 1970; undefined: none since the start. */
  readonly appliedAt: number | undefined;
  /** Whether the subscription has reached the log's end since it last began. */
  readonly caughtUp: boolean;
  /** Rises with every batch and every rebuild, within one process: a key for caches of answers. */
  readonly version: number;
  readonly build: BuildProgress | undefined;
  /** What fails now. */
  readonly problem: string | undefined;
  /** Events that were not applied, and the streams they are in. */
  readonly deadLetters: number;
  readonly quarantined: readonly string[];
  /** Types this program does not know → events passed over. */
  readonly unknown: Readonly<Record<string, number>>;
}

/** What listeners hear after each commit. */
export interface AppliedBatch {
  readonly version: number;
  /** The view's order of the last event. */
  readonly seq: number;
  /** Empty after a rebuild: everything may be different. */
  readonly events: readonly RecordedEvent[];
}

/** The part of a pino logger that the engine uses. */
export interface ViewLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** The part of a status that the ledger holds. */
export const setAside = (
  ledger: Ledger | undefined,
): Pick<ViewStatus, 'deadLetters' | 'quarantined' | 'unknown'> => ({
  deadLetters: ledger?.deadLetterCount() ?? 0,
  quarantined: ledger?.quarantined() ?? [],
  unknown: ledger?.unknown() ?? {},
});

export function stateOf(
  { problem, build, readable }: Pick<ViewStatus, 'problem' | 'build' | 'readable'>,
  closed: boolean,
): ViewStatus['state'] {
  if (closed) return 'closed';
  if (problem !== undefined) return 'degraded';
  if (build !== undefined) return 'building';
  return readable ? 'live' : 'starting';
}

/** Tells the log that a build takes longer, and why. */
export const slowBuildLog =
  (view: string, log: ViewLog) =>
  (err: unknown): void =>
    log.warn({ view, err }, 'the fast build failed: applying in batches');

/** Tells the log of an event that was set aside, with what an operator needs to find it. */
export const deadLetterLog =
  (view: string, log: ViewLog) =>
  ({ id, stream, revision, type }: NamedEvent, reason: string): void =>
    log.error(
      { view, event: id, stream, revision, type, reason },
      'event not applied: its stream is set aside',
    );

/** Tells of a view of another definition than that of this program. `found`: undefined when there is none. */
export function tellVersion(
  { projection, definition, log }: Pick<ProjectorOptions, 'projection' | 'definition' | 'log'>,
  found: string | undefined,
): void {
  if (found === undefined || found === definition) return;
  const told = { view: projection.name, found, wanted: definition };
  log.warn(told, 'view is of another version: rebuilding');
}
