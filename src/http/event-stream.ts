import type { ServerResponse } from 'node:http';

/** A comment, which a client passes over (WHATWG HTML §9.2.6). */
const COMMENT = ':\n\n';

/**
 * The writing end of one stream of server-sent events. What its reader has not taken yet is kept here, up to a
 * bound: whoever writes looks at `full` first.
 */
export class EventStream {
  readonly #response: ServerResponse;
  readonly #bufferBytes: number;
  /** Bytes that waited at the last heartbeat; undefined: the reader had taken enough. */
  #before: number | undefined;

  /** @param bufferBytes how much may wait for the reader before it counts as full */
  constructor(response: ServerResponse, bufferBytes: number) {
    this.#response = response;
    this.#bufferBytes = bufferBytes;
    // A connection that breaks also closes, which is all there is to know.
    response.on('error', () => {});
  }

  /** Whether to wait for `onDrain` before anything else is sent. */
  get full(): boolean {
    const { writableNeedDrain, writableLength } = this.#response;
    return writableNeedDrain && writableLength >= this.#bufferBytes;
  }

  /** Bytes that the reader still has to take. */
  get waiting(): number {
    return this.#response.writableLength;
  }

  /** Calls the listener whenever all that was sent has been taken. */
  onDrain(listener: () => void): void {
    this.#response.on('drain', listener);
  }

  /** Calls the listener when the connection is over, whoever ended it; at once when it is over already. */
  onClose(listener: () => void): void {
    if (this.#response.destroyed) listener();
    else this.#response.on('close', listener);
  }

  /** One event, or several: text as `eventText` makes it. */
  send(text: string): void {
    this.#response.write(text);
  }

  /**
   * A comment, so that nobody on the way takes the connection for dead. A reader that still has to take what
   * was sent needs none; false: it has taken nothing since the last one.
   */
  beat(): boolean {
    const { writableNeedDrain, writableLength } = this.#response;
    const before = this.#before;
    this.#before = writableNeedDrain ? writableLength : undefined;
    if (!writableNeedDrain) this.#response.write(COMMENT);
    return before === undefined || !writableNeedDrain || writableLength < before;
  }

  /** Ends it: the client comes again by itself. */
  end(): void {
    if (this.#response.writableNeedDrain) this.#response.destroy();
    else this.#response.end();
  }

  /** Ends it at once; what was not taken is gone from here. */
  destroy(): void {
    this.#response.destroy();
  }
}

/** A place without an event: what a client that has heard nothing yet says when it comes again (WHATWG HTML §9.2.6). */
export const placeText = (id: string): string => `id: ${id}\n\n`;

/** One event on the wire. `data` is JSON, which has no line breaks. */
export const eventText = (id: string, data: unknown): string =>
  `id: ${id}\ndata: ${JSON.stringify(data)}\n\n`;
