import type { ResolvedEvent } from '@eventstore/db-client';
import { silent } from './patience.ts';

/** A read of the driver that ends by itself. */
export interface Reading {
  on(name: 'data', listener: (event: ResolvedEvent) => void): unknown;
  on(name: 'end', listener: () => void): unknown;
  on(name: 'error', listener: (error: Error) => void): unknown;
  cancel(): Promise<void>;
}

/**
 * All that a read gives.
 * @param timeoutMs how long the next event may take
 * @throws the driver's error; StoreUnavailable when it falls silent
 */
export function collect(
  reading: Reading,
  timeoutMs: number,
  shown: string,
): Promise<ResolvedEvent[]> {
  return new Promise((resolve, reject) => {
    const events: ResolvedEvent[] = [];
    const timer = setTimeout(() => {
      // It may still be looking for the server, in which case it is cancelled when it has found it.
      reading.cancel().catch(() => undefined);
      reject(silent(shown, timeoutMs, 'not-written'));
    }, timeoutMs);
    reading.on('data', (event) => {
      timer.refresh();
      events.push(event);
    });
    reading.on('end', () => {
      clearTimeout(timer);
      resolve(events);
    });
    // Stays, since a read that was given up can fail later.
    reading.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}
