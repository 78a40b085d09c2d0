import type { RecordedEvent } from '../events/envelope.ts';
import type { SourceLog } from './redacted-log.ts';
import { type RedactionPlan, SHORTEST } from './redaction-plan.ts';
import { eachEvent } from './store/each-event.ts';

/** What is redacted in one event often stands in others: a later correction, a list that is given whole. */

export interface Leftovers {
  /** Events that still hold a redacted text; the first of them. */
  readonly words: readonly RecordedEvent[];
  /** How many there are. */
  readonly count: number;
  /** An event that names a party under the id that other events of its stream no longer know. */
  readonly party: RecordedEvent | undefined;
}

/** Events named at most. */
const NAMED = 20;

/** @param log the log as it is to be, EventRedacted and all: reasons of earlier ones may repeat what is to go */
export async function leftoversIn(log: SourceLog, plan: RedactionPlan): Promise<Leftovers> {
  const wanted = [...plan.words].filter((word) => word.length >= SHORTEST).map(searchable);
  const words: RecordedEvent[] = [];
  let count = 0;
  let party: RecordedEvent | undefined;
  for await (const event of eachEvent(log)) {
    const text = searchable([event.stream, event.data]);
    if (wanted.some((word) => text.includes(word.slice(1, -1)))) {
      count += 1;
      if (words.length < NAMED) words.push(event);
    }
    if (namesParty(event, plan.parties.get(event.stream))) party ??= event;
  }
  return { words, count, party };
}

const searchable = (value: unknown): string => JSON.stringify(value).toLowerCase();

function namesParty(event: RecordedEvent, gone: ReadonlySet<string> | undefined): boolean {
  if (gone === undefined) return false;
  const text = JSON.stringify(event.data);
  return [...gone].some(
    (id) => text.includes(`"party":"${id}"`) || text.includes(`"delegation":"${id}"`),
  );
}
