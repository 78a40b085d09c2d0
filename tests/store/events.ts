import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { NewEvent, RecordedEvent } from '../../events/envelope.ts';
import type { SubscriptionMessage } from '../../src/store/event-store.ts';

/** An event as the handler would append it; `note` tells one from another. */
export function anEvent(note: unknown = 'a note', overrides: Partial<NewEvent> = {}): NewEvent {
  const commandId = randomUUID();
  return {
    id: randomUUID(),
    type: 'MeetingRescheduled',
    data: { when: { edtf: '2022-08', extent: 'within' }, reason: 'Žádné datum — 日内瓦 🕊', note },
    meta: {
      recordedAt: '2022-06-03T10:00:00.000Z',
      statedAt: '2022-06-03',
      basedOn: ['tass-2022-06-03'],
      actor: 'import',
      commandId,
      requestHash: 'ab'.repeat(32),
      correlationId: commandId,
      causationId: commandId,
      schema: 1,
    },
    ...overrides,
  };
}

export const someEvents = (count: number): NewEvent[] =>
  Array.from({ length: count }, (_, index) => anEvent(index));

export const idsOf = (events: readonly { id: string }[]): string[] => events.map(({ id }) => id);

/** Takes messages until `enough` says so, or the subscription ends. */
export async function take(
  messages: AsyncIterable<SubscriptionMessage>,
  enough: (events: readonly RecordedEvent[], caughtUp: number) => boolean,
): Promise<{ events: RecordedEvent[]; kinds: SubscriptionMessage['kind'][]; largest: number }> {
  const events: RecordedEvent[] = [];
  const kinds: SubscriptionMessage['kind'][] = [];
  let largest = 0;
  for await (const message of messages) {
    kinds.push(message.kind);
    if (message.kind === 'events') {
      events.push(...message.events);
      largest = Math.max(largest, message.events.length);
    }
    if (enough(events, kinds.filter((kind) => kind === 'caught-up').length)) break;
  }
  return { events, kinds, largest };
}

export const untilCaughtUp = (_: unknown, caughtUp: number): boolean => caughtUp > 0;

/** Lets the event loop go round: whatever needs no timer and no other process has happened by then. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await nextTurn();
}
