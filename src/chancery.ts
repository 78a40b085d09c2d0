import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { calendar } from '../projections/calendar.ts';
import type { Reader } from '../projections/types.ts';
import { type AccessParts, openAccessParts } from './access-parts.ts';
import { backgroundBuild } from './background.ts';
import { CALENDAR_DEFINITION } from './calendar-definition.ts';
import { warmUp } from './calendars.ts';
import { type Clock, exampleClock, systemClock } from './clock.ts';
import type { Config } from './config.ts';
import { makeFolder } from './folder.ts';
import { followReleases } from './follow-releases.ts';
import { createHandler, type Handle, RULES } from './handle.ts';
import { buildApp } from './http/app.ts';
import { LagMonitor } from './lag.ts';
import { limitsOf } from './limits.ts';
import { listenMetrics } from './metrics-server.ts';
import { nameOfStore, openStore, untilThere } from './open-store.ts';
import { operations } from './operations.ts';
import { announceOwner, controlToken } from './owner.ts';
import type { EventStore } from './store/event-store.ts';
import { systemTimers } from './timers.ts';
import { VERSION } from './version.ts';
import { ViewReaders } from './view-readers.ts';
import type { BuildProgress } from './views/build.ts';
import { lockViews } from './views/lock.ts';
import { sweepWorkshops } from './views/prepare.ts';
import { Projector } from './views/projector.ts';

/** The composition root: Config → running parts. Everything that is chosen is chosen here. */

export interface ChanceryOptions {
  readonly config: Config;
  readonly log: Logger;
  /** Serve the example: its clock, which every answer names. */
  readonly example?: boolean;
  /** Default: the machine's, or the example's. */
  readonly clock?: Clock;
  /** Called before anything listens: what the calendar is to hold from the start. */
  readonly prepare?: (handle: Handle) => Promise<void>;
  readonly onProgress?: (progress: BuildProgress) => void;
  /** Ends the waiting for a store that is not there yet. */
  readonly stopping?: AbortSignal;
}

export interface Chancery {
  /** Where this machine reaches it: `http://127.0.0.1:3000`. */
  readonly url: string;
  readonly clock: Clock;
  /** Made now, because the store had none: shown once and kept nowhere. */
  readonly firstToken: string | undefined;
  /** Settles when the views have reached the log's end. */
  readonly ready: Promise<void>;
  /** Finishes requests under way, then closes everything, within the configured time. */
  close(): Promise<void>;
}

/**
 * Opens the store and the views and listens.
 * @throws what the user can mend: ViewsOwned, ViewsUnusable, StoreInvalid, StoreUnavailable, and the system's
 *   errors of a port or folder; nothing stays open then
 */
export async function openChancery(options: ChanceryOptions): Promise<Chancery> {
  const { config, log, example = false } = options;
  await using opened = new AsyncDisposableStack();
  makeFolder(config.dataDir);
  const folder = join(config.dataDir, 'views');
  const lock = lockViews(folder);
  opened.defer(() => lock.release());
  const store = await openStore(config.store);
  opened.defer(() => store.close());
  const waiting = (err: Error) => log.warn({ err }, 'the store does not answer: waiting for it');
  await untilThere(store, waiting, options.stopping);
  const clock = options.clock ?? (await clockOf(store, example));
  const handle = createHandler({
    ...{ store, now: clock, randomUuid: randomUUID },
    maxEvents: config.entryEvents,
  });
  await options.prepare?.(handle);
  const control = controlToken();
  // Before the calendar: small, and nobody with a token gets in without it.
  const access = openAccessParts({ config, folder, store, clock, log, control }, opened);
  const projector = startProjector(options, folder, store, clock);
  opened.defer(() => projector.close());
  const lag = watchLag(config, store, projector, clock);
  opened.defer(() => lag.close());
  const releases = followReleases({ store, now: clock, log }, projector);
  opened.defer(() => releases.close());
  const released = releases.applied;
  const parts = { store, clock, handle, projector, access, lag, released };
  const app = await listen(options, parts, opened);
  const { port } = app.server.address() as AddressInfo;
  const url = localUrl(config.host, port);
  opened.defer(announceOwner(folder, { url, token: control }));
  // After listening: a token made by a start that then fails would have been shown to nobody.
  const firstToken = config.adminToken === undefined ? await access.issueFirst() : undefined;
  const ready = Promise.all([access.view.ready, projector.ready]).then(() => {});
  // Not before: a start is waited for. Whoever awaits `ready` still gets its rejection.
  ready.then(() => setImmediate(warmUp)).catch(() => {});
  const running = opened.move();
  log.info({ version: VERSION, store: nameOfStore(config.store), port, example }, 'serving');
  return {
    url,
    clock,
    firstToken,
    ready,
    close: () => running.disposeAsync(),
  };
}

async function clockOf(store: EventStore, example: boolean): Promise<Clock> {
  return example ? exampleClock((await store.head())?.recordedAt) : systemClock;
}

function startProjector(
  { config, log, onProgress }: ChanceryOptions,
  folder: string,
  store: EventStore,
  now: Clock,
): Projector {
  const definition = CALENDAR_DEFINITION;
  const build = backgroundBuild(config.store, calendar.name);
  sweepWorkshops(folder);
  const projector = new Projector({
    ...{ folder, store, projection: calendar, definition, log, now, onProgress, build },
  });
  projector.start();
  return projector;
}

const watchLag = (
  { stallTimeout: stallMs }: Config,
  store: EventStore,
  views: Projector,
  now: Clock,
): LagMonitor => new LagMonitor({ store, views, now, timers: systemTimers, stallMs });

/** Where this machine reaches it: an address that stands for all of them is none. */
function localUrl(host: string, port: number): string {
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  // However it is written, as `::0`. One with a zone is no URL.
  const { hostname = host } = URL.parse(url) ?? {};
  return ['0.0.0.0', '[::]'].includes(hostname) ? `http://127.0.0.1:${port}` : url;
}

interface Parts {
  readonly store: EventStore;
  readonly clock: Clock;
  readonly handle: Handle;
  readonly projector: Projector;
  readonly access: AccessParts;
  readonly lag: LagMonitor;
  readonly released: () => Promise<void>;
}

async function listen(
  options: ChanceryOptions,
  parts: Parts,
  opened: AsyncDisposableStack,
): Promise<FastifyInstance> {
  const { config, log } = options;
  const metrics = new Registry();
  collectDefaultMetrics({ register: metrics });
  const { projector, clock } = parts;
  const { publicUrl, feedMemory } = config;
  const knows = knowsPassedOver(parts.access);
  const views = new ViewReaders({ projector, clock, publicUrl, feedMemory, log, knows });
  opened.defer(() => views.close());
  const closing = new AbortController();
  const app = buildApp({
    ...parts,
    queries: () => views.current?.queries,
    calendars: () => views.current?.calendars,
    access: parts.access.access,
    tokens: parts.access.tokens,
    feeds: parts.access.feeds,
    onReading: (reading) => parts.access.local.read(reading),
    views: parts.projector,
    ...operations({
      views: [parts.access.view, parts.projector],
      ...{ store: config.store, log, signal: closing.signal },
      folder: join(config.dataDir, 'views'),
    }),
    exampleClock: options.example === true,
    publicUrl: config.publicUrl,
    rules: { ...RULES, 'rebuild-running': 'One rebuild of the views runs at a time.' },
    version: VERSION,
    metrics,
    log,
    randomUuid: randomUUID,
    ...{ trustProxy: config.trustProxy, corsOrigins: config.corsOrigins },
    limits: limitsOf(config),
  });
  opened.defer(() => closeApp(app, config.shutdownTimeout));
  opened.defer(() => closing.abort(new Error('the server is closing')));
  await app.listen({ port: config.port, host: config.host });
  if (config.metricsPort !== undefined) {
    const server = await listenMetrics(metrics, config.metricsPort, (err) =>
      log.error({ err }, 'metrics cannot be shown'),
    );
    opened.defer(() => server.close());
  }
  return app;
}

/** Events of feeds and tokens: from the highest level nothing is hidden. */
const knowsPassedOver =
  ({ feeds }: AccessParts) =>
  (event: string, reader: Reader): boolean =>
    reader.level === 2 || feeds.knows(event, reader);

/** Requests under way may finish; after the time allowed, their connections are cut. */
async function closeApp(app: FastifyInstance, timeoutMs: number): Promise<void> {
  const cut = setTimeout(() => app.server.closeAllConnections(), timeoutMs);
  try {
    await app.close();
  } finally {
    clearTimeout(cut);
  }
}
