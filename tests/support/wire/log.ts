/** The events of a wire server, in memory, by the rules that a server 24.6.0 was seen to follow. */

export interface Proposed {
  readonly id: string;
  readonly type: string;
  readonly isJson: boolean;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

export interface Stored extends Proposed {
  readonly stream: string;
  readonly revision: number;
  readonly position: bigint;
  /** Milliseconds since 1970. */
  readonly created: number;
}

/** -1: no stream. */
export type Expected = number | 'any' | 'exists';

export type Appended =
  | { readonly kind: 'done'; readonly revision: number; readonly position: bigint }
  /** -1: there is no stream. */
  | { readonly kind: 'conflict'; readonly current: number };

export class WireLog {
  readonly events: Stored[] = [];
  readonly #streams = new Map<string, Stored[]>();
  readonly #listeners = new Set<() => void>();
  #end = 0n;

  constructor(events: readonly Stored[] = []) {
    for (const event of events) this.#store(event);
    // A fresh server's log is not empty either.
    if (events.length === 0) this.append('$scavenges', 'any', [SYSTEM]);
  }

  stream(name: string): readonly Stored[] {
    return this.#streams.get(name) ?? [];
  }

  append(stream: string, expected: Expected, events: readonly Proposed[]): Appended {
    const current = this.stream(stream).length - 1;
    const matches =
      expected === 'any' || expected === current || (expected === 'exists' && current >= 0);
    if (!matches) return this.#repeated(stream, expected, events) ?? { kind: 'conflict', current };
    for (const [index, event] of events.entries()) {
      const revision = current + 1 + index;
      this.#store({ ...event, stream, revision, position: this.#end, created: Date.now() });
    }
    const listeners = [...this.#listeners];
    for (const listener of listeners) listener();
    return this.#done(stream, current + events.length);
  }

  /** The same log as it was after so many events: what a backup would give back. */
  asOf(count: number): WireLog {
    return new WireLog(this.events.slice(0, count));
  }

  onAppend(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The same ids at the revision that they were written at; bodies are not looked at. */
  #repeated(stream: string, expected: Expected, events: readonly Proposed[]): Appended | undefined {
    if (typeof expected !== 'number' || events.length === 0) return undefined;
    const there = this.stream(stream).slice(expected + 1, expected + 1 + events.length);
    const same = events.every(({ id }, index) => there[index]?.id === id);
    return same ? this.#done(stream, expected + events.length) : undefined;
  }

  #done(stream: string, revision: number): Appended {
    const position = this.stream(stream)[revision]?.position ?? 0n;
    return { kind: 'done', revision, position };
  }

  #store(event: Stored): void {
    this.events.push(event);
    const stream = this.#streams.get(event.stream);
    if (stream === undefined) this.#streams.set(event.stream, [event]);
    else stream.push(event);
    this.#end = event.position + BigInt(100 + event.data.length + event.metadata.length);
  }
}

const SYSTEM: Proposed = {
  id: '00000000-0000-4000-8000-000000000001',
  type: '$metadata',
  isJson: true,
  data: Buffer.from('{}'),
  metadata: Buffer.from('{}'),
};
