import { getHeapStatistics } from 'node:v8';
import type { Config } from './config.ts';
import { DEFAULT_LIMITS, type Limits, type Rate } from './http/deps.ts';

/** Above this part of the heap that Node allows itself, it spends its time on looking for room. */
const HEAP_PART = 0.9;

/** What the settings say of the HTTP edge. */
export const limitsOf = (config: Config): Partial<Limits> => ({
  bodyBytes: config.bodyLimit,
  headerBytes: config.headerLimit,
  urlLength: config.urlLimit,
  requestMs: config.requestTimeout,
  idleMs: config.idleTimeout,
  connections: config.maxConnections,
  pipelined: config.pipelineLimit,
  streamConnections: config.streamConnections,
  streamBufferBytes: config.streamBuffer,
  addressRate: rateOf(config.rateLimit, DEFAULT_LIMITS.addressRate),
  tokenRate: rateOf(config.tokenRateLimit, DEFAULT_LIMITS.tokenRate),
  feedRate: rateOf(config.feedRateLimit, DEFAULT_LIMITS.feedRate),
  feedBuildWaitMs: config.feedBuildWait,
  feedComposing: config.feedComposing,
  feedWaiting: config.feedWaiting,
  heapBytes: Math.floor(getHeapStatistics().heap_size_limit * HEAP_PART),
  rssBytes: config.memoryLimit ?? 0,
});

/** A limit that somebody has set is for everyone, also for who comes from this machine. */
const rateOf = (requests: number | undefined, absent: Rate): Rate =>
  requests === undefined ? absent : { requests, local: true };
