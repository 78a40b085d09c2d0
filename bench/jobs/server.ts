import { createHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import pino from 'pino';
import { openChancery } from '../../src/chancery.ts';
import { loadConfig } from '../../src/config.ts';
import { Projector } from '../../src/views/projector.ts';
import { answer } from './answer.ts';

/** The whole server, as serve composes it, with instruments inside the process. */

const RESOLUTION_MS = 1;
const NS_PER_MS = 1_000_000;

const loop = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
const visible = createHistogram();

/** A write waits here from the moment its append is durable until the view shows it. */
const waitFor = Projector.prototype.waitFor;
Projector.prototype.waitFor = async function timed(this: Projector, eventId, timeoutMs) {
  const begun = performance.now();
  const applied = await waitFor.call(this, eventId, timeoutMs);
  visible.record(Math.max(1, Math.round((performance.now() - begun) * NS_PER_MS)));
  return applied;
};

interface Opening {
  readonly folder: string;
  /** What its clock says at the start. */
  readonly nowMs: number;
  readonly adminToken: string;
  /** Instead of the folder's own store. */
  readonly cluster?: { readonly url: string; readonly prefix: string };
}

/** Opens a data folder, builds the views if need be, and listens. @returns where */
async function open({ folder, nowMs, adminToken, cluster }: Opening): Promise<string> {
  const env = {
    ...{ DATA_DIR: folder, PUBLIC_URL: 'https://calendar.example.org' },
    ...(cluster === undefined ? {} : { STORE_URL: cluster.url, STREAM_PREFIX: cluster.prefix }),
  };
  const config = { ...loadConfig(env, ''), port: 0, adminToken };
  const offset = nowMs - Date.now();
  const log = pino({ level: 'error' }, pino.destination(2));
  const chancery = await openChancery({ config, log, clock: () => Date.now() + offset });
  await chancery.ready;
  return chancery.url;
}

function watch(): void {
  loop.reset();
  visible.reset();
  loop.enable();
}

/** 99th percentiles since `watch`, in ms. */
function watched(): { loopMs: number; visibleMs: number } {
  loop.disable();
  return {
    // It records the time between two ticks, of which the tick's own is no delay.
    loopMs: Math.max(0, loop.percentile(99) / NS_PER_MS - RESOLUTION_MS),
    visibleMs: visible.percentile(99) / NS_PER_MS,
  };
}

const methods = { open, watch, watched };
export type ServerJob = typeof methods;
answer(methods);
