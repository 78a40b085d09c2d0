import type * as z from 'zod';
import { meta, type RecordedEvent } from '../events/envelope.ts';
import { registry, upcast } from '../events/registry.ts';
import { FOR_NEW } from '../events/values.ts';
import { eachEvent } from './store/each-event.ts';
import type { EventStore } from './store/event-store.ts';
import { messageOf } from './views/errors.ts';

/** Whether the log is one that a Chancery could have written, as far as an event shows it by itself. */

export interface LogFault {
  readonly event: Pick<RecordedEvent, 'id' | 'stream' | 'revision' | 'position' | 'type'>;
  /** What does not fit, and where in the event. */
  readonly reason: string;
}

/** What a newer writer has put beside our fields is its own. */
const known = meta.loose();

/**
 * Reads the whole log. Events of types that this version does not know are passed over.
 * @throws {StoreInvalid} an event is not even JSON
 */
export async function* faultsOf(
  store: Pick<EventStore, 'readAll'>,
  signal: AbortSignal,
): AsyncGenerator<LogFault> {
  for await (const event of eachEvent(store, signal)) {
    const reason = faultOf(event);
    if (reason !== undefined) yield { event, reason };
  }
}

function faultOf(event: RecordedEvent): string | undefined {
  const schema = registry.get(event.type)?.schema;
  if (schema === undefined) return undefined;
  try {
    const data = schema.safeParse(upcast(event)?.data);
    return told('data', data.error) ?? told('meta', known.safeParse(event.meta).error);
  } catch (error) {
    return messageOf(error);
  }
}

function told(root: string, error: z.ZodError | undefined): string | undefined {
  const issue = issueOf(error);
  return issue && `${[root, ...issue.path].map(String).join('.')}: ${issue.message}`;
}

/** The first reason why what was written is not valid; rules that are for what is new only are none. */
export const issueOf = (error: z.ZodError | undefined): z.core.$ZodIssue | undefined =>
  error?.issues.find((found) => !isForNew(found));

/** Breaks a rule that came after it, maybe. */
const isForNew = (issue: z.core.$ZodIssue): boolean =>
  issue.code === 'custom' && issue.params?.forNew === FOR_NEW.forNew;
