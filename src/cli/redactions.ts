import { createReadStream } from 'node:fs';
import * as z from 'zod';
import { redactionEvents } from '../../events/redaction.ts';
import { uuid } from '../../events/values.ts';
import { systemClock } from '../clock.ts';
import { inWords } from '../commands.ts';
import { RedactedLog, type SourceLog } from '../redacted-log.ts';
import { leftoversIn } from '../redaction-leftovers.ts';
import { planRedactions, type RedactionFault, type RedactionOrder } from '../redaction-plan.ts';
import { type DossierFault, type LineValue, readValues } from './dossier.ts';
import { CommandFailed } from './failure.ts';
import { oneLine } from './terminal.ts';

/** One event of the file: which fields of it go, and why. */
const { fields, reason } = redactionEvents.EventRedacted.shape;
const order = z.strictObject({ event: uuid, fields, reason });

export interface Redactions {
  readonly log: RedactedLog;
  /** Fields and events that are redacted, in a sentence's end. */
  readonly told: string;
}

/**
 * The source as the file wants it. What stands in other events, too, is told on standard error, without
 * repeating it.
 * @throws {CommandFailed} a line cannot be carried out; then none is, and nothing was copied
 */
export async function redactions(
  file: string,
  stores: { readonly source: SourceLog; readonly target: SourceLog },
): Promise<Redactions> {
  const plan = await planRedactions(await readOrders(file), { ...stores, now: systemClock });
  refuse(plan.faults);
  const log = new RedactedLog(stores.source, plan);
  const { words, count, party } = await leftoversIn(log.ended(), plan);
  if (party !== undefined) {
    throw new CommandFailed(
      `${party.id} (${party.type}) still names a party that other events of ${party.stream} would no longer know: name its field, too. Nothing was copied`,
    );
  }
  for (const { id, type, stream } of words) {
    process.stderr.write(`a redacted text is also in ${id} (${type} of ${stream})\n`);
  }
  if (count > words.length) process.stderr.write(`… and in ${count - words.length} more events\n`);
  return { log, told: `${plan.fields} redacted fields of ${plan.facts.length} events` };
}

async function readOrders(file: string): Promise<RedactionOrder[]> {
  const orders: RedactionOrder[] = [];
  const faults: RedactionFault[] = [];
  const input = file === '-' ? process.stdin : createReadStream(file);
  for await (const value of readValues(input)) {
    const parsed = parse(value);
    if ('fields' in parsed) orders.push(parsed);
    else faults.push(parsed);
  }
  refuse(faults);
  if (orders.length === 0) throw new CommandFailed(`${file} names no event: nothing was copied`);
  return orders;
}

function parse(read: LineValue | DossierFault): RedactionOrder | RedactionFault {
  if (read.kind === 'fault') return read;
  const { line, value } = read;
  const parsed = order.safeParse(value, { error: inWords });
  if (parsed.success) return { line, ...parsed.data };
  const [issue] = parsed.error.issues;
  const where = issue?.path.join('.') || 'the line';
  return { line, reason: `must be {"event", "fields", "reason"}: ${where}: ${issue?.message}` };
}

function refuse(faults: readonly RedactionFault[]): void {
  if (faults.length === 0) return;
  for (const { line, reason } of faults) {
    process.stderr.write(`line ${line}: ${oneLine(reason)}\n`);
  }
  throw new CommandFailed(
    'the redactions cannot be carried out: mend the file. Nothing was copied',
  );
}
