import { matchCommand } from '../commands.ts';
import {
  type CommandRequest,
  Forbidden,
  type Handle,
  IdTaken,
  InvalidInput,
  NotFound,
  Rejected,
  TooLarge,
} from '../handle.ts';
import { StoreUnavailable } from '../store/event-store.ts';
import type { DossierCommand, DossierFault } from './dossier.ts';
import { CommandFailed } from './failure.ts';

/** Whoever imports acts with an admin's rights. */
const IMPORTER = { id: 'import', ceiling: 'confidential' } as const;

export interface Refusal {
  readonly line: number;
  readonly reason: string;
}

export interface DossierResult {
  readonly done: number;
  /** Carried out before, by the same key. */
  readonly repeated: number;
  readonly refused: number;
}

/**
 * Carries a dossier's commands out in order. What is refused is told, and the rest goes on; twice changes
 * nothing.
 * @throws {CommandFailed} the store went away; what was carried out stays
 */
export async function carryOut(
  handle: Handle,
  lines: AsyncIterable<DossierCommand | DossierFault>,
  onRefused: (refusal: Refusal) => void,
): Promise<DossierResult> {
  const result = { done: 0, repeated: 0, refused: 0 };
  for await (const line of lines) {
    const outcome = line.kind === 'fault' ? line.reason : await carryOutOne(handle, line);
    if (typeof outcome === 'string') {
      result.refused += 1;
      onRefused({ line: line.line, reason: outcome });
    } else if (outcome.repeated) result.repeated += 1;
    else result.done += 1;
  }
  return result;
}

type Outcome = { readonly repeated: boolean };

/** What became of one command; a text says why it was refused. */
async function carryOutOne(handle: Handle, command: DossierCommand): Promise<Outcome | string> {
  const match = matchCommand(command.path);
  if (match === undefined)
    return `${command.path} takes no command of a dossier: these are of meetings and announcements`;
  const { key, body, line } = command;
  const request: CommandRequest = { ...match, body, key, actor: IMPORTER };
  try {
    return await handle(request);
  } catch (error) {
    const reason = refusalOf(error);
    if (reason !== undefined) return reason;
    if (error instanceof StoreUnavailable) {
      throw new CommandFailed(
        `stopped at line ${line}: ${error.message}. What was carried out stays: import the file again to go on`,
      );
    }
    throw error;
  }
}

function refusalOf(error: unknown): string | undefined {
  if (error instanceof Rejected) return `${error.rule}: ${error.message}`;
  const refusals = [InvalidInput, Forbidden, NotFound, IdTaken, TooLarge];
  return refusals.some((kind) => error instanceof kind) ? (error as Error).message : undefined;
}
