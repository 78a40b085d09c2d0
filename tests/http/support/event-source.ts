import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { Headings } from './world.ts';

/** A reader of server-sent events that keeps to the standard (WHATWG HTML §9.2.6) and forgives nothing. */

export interface ServerSent {
  readonly id: string;
  readonly data: unknown;
}

/** A read that takes longer than this is a hang. */
const PATIENCE_MS = 10_000;

export class EventSourceReader {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** Comments so far. */
  beats = 0;
  /** What a client that comes again says; undefined: it has been told none. */
  lastEventId: string | undefined;
  readonly #response: IncomingMessage;
  readonly #request: ClientRequest;
  readonly #waiting: ServerSent[] = [];
  #text = '';
  #over = false;
  #wake = () => {};

  private constructor(asked: ClientRequest, response: IncomingMessage) {
    this.#request = asked;
    this.#response = response;
    this.status = response.statusCode ?? 0;
    this.headers = response.headers;
    response.on('close', () => {
      this.#over = true;
      this.#wake();
    });
    response.on('error', () => {});
  }

  /** Connects; does not read until somebody asks for something. */
  static async open(
    port: number,
    path: string,
    headers: Headings = {},
  ): Promise<EventSourceReader> {
    const asked = request({ host: '127.0.0.1', port, path, agent: false });
    for (const [name, value] of Object.entries(headers)) asked.setHeader(name, value);
    asked.end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    asked.on('error', () => {});
    return new EventSourceReader(asked, response);
  }

  /** The next events; fewer when the stream ends before. */
  async take(count: number): Promise<ServerSent[]> {
    await this.#until(() => this.#waiting.length >= count);
    return this.#waiting.splice(0, count);
  }

  /** Waits until it has been told a place. */
  placed(): Promise<void> {
    return this.#until(() => this.lastEventId !== undefined);
  }

  /** Waits for so many comments in all. */
  beaten(count: number): Promise<void> {
    return this.#until(() => this.beats >= count);
  }

  /** Reads to the end; what had come before it and was not taken. */
  async rest(): Promise<ServerSent[]> {
    await this.#until(() => false);
    return this.#waiting.splice(0);
  }

  close(): void {
    this.#request.destroy();
  }

  async #until(done: () => boolean): Promise<void> {
    if (this.#response.listenerCount('data') === 0) {
      this.#response.setEncoding('utf8').on('data', (chunk: string) => this.#read(chunk));
    }
    this.#response.resume();
    const timer = setTimeout(() => this.#request.destroy(new Error('nothing came')), PATIENCE_MS);
    while (!done() && !this.#over) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    clearTimeout(timer);
  }

  #read(chunk: string): void {
    const blocks = `${this.#text}${chunk}`.split('\n\n');
    this.#text = blocks.pop() ?? '';
    for (const block of blocks) this.#dispatch(block.split('\n'));
    this.#wake();
  }

  #dispatch(lines: readonly string[]): void {
    if (lines.every((line) => line.startsWith(':'))) {
      this.beats += 1;
      return;
    }
    const [line, data, ...others] = lines;
    if (!line?.startsWith('id: ') || others.length > 0) {
      throw new Error(`not an event with id and data alone: ${lines.join('\n')}`);
    }
    const id = line.slice(4);
    this.lastEventId = id;
    // A place, without an event.
    if (data === undefined) return;
    if (!data.startsWith('data: ')) throw new Error(`not data: ${data}`);
    this.#waiting.push({ id, data: JSON.parse(data.slice(6)) });
  }
}
