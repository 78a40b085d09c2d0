import type { FastifyRequest } from 'fastify';
import type { Rate } from './deps.ts';
import { Problem } from './problem.ts';
import { applies } from './rate.ts';

const MINUTE_MS = 60_000;
/** Feeds counted at a time; beyond it all begin anew. */
const COUNTED = 10_000;

/** Requests a minute for each feed, from wherever they come. */
export class FeedRates {
  readonly #rate: Rate;
  readonly #counts = new Map<string, number>();
  #minute = 0;

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** @throws {Problem} rate-limited */
  admit(feed: string, request: FastifyRequest, nowMs: number): void {
    if (!applies(this.#rate, request)) return;
    const { requests } = this.#rate;
    const minute = Math.floor(nowMs / MINUTE_MS);
    if (minute !== this.#minute || this.#counts.size > COUNTED) this.#counts.clear();
    this.#minute = minute;
    const count = (this.#counts.get(feed) ?? 0) + 1;
    this.#counts.set(feed, count);
    if (count <= requests) return;
    const seconds = Math.ceil((MINUTE_MS - (nowMs % MINUTE_MS)) / 1_000);
    throw new Problem(
      'rate-limited',
      `this feed was asked for more than ${requests} times in a minute: wait ${seconds} seconds`,
      {},
      { 'retry-after': String(seconds) },
    );
  }
}
