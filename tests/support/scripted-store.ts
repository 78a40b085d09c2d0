import type { EventStore } from '../../src/store/event-store.ts';

type Append = EventStore['append'];

/** The store with another way to append. */
export const withEveryAppend = (store: EventStore, append: Append): EventStore => ({
  append,
  readStream: (...args) => store.readStream(...args),
  readAll: (...args) => store.readAll(...args),
  subscribe: (...args) => store.subscribe(...args),
  head: () => store.head(),
  close: () => store.close(),
});

/** The store with the next appends replaced by a script; afterwards it is itself again. For faults only. */
export function withAppends(store: EventStore, script: ((append: Append) => Append)[]): EventStore {
  const real: Append = (...args) => store.append(...args);
  const left = [...script];
  return withEveryAppend(store, (...args) => (left.shift()?.(real) ?? real)(...args));
}
