import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import * as z from 'zod';
import type { StoreSettings } from './open-store.ts';
import { AddressError, isClusterUrl } from './store/eventstoredb/address.ts';
import { CLUSTER_DEFAULTS, clusterSettings } from './store/eventstoredb/settings.ts';

/** Environment → Config, parsed once at the start. README and .env.example list the same settings. */
export interface Config {
  /** 0 = any free port. */
  readonly port: number;
  readonly host: string;
  readonly dataDir: string;
  readonly store: StoreSettings;
  /** Without a slash at the end. Without it, feeds carry no addresses. */
  readonly publicUrl: string | undefined;
  readonly adminToken: string | undefined;
  readonly logLevel: LogLevel;
  /** Prometheus on 127.0.0.1 at this port, without a token. */
  readonly metricsPort: number | undefined;
  /** Largest request body, in bytes. */
  readonly bodyLimit: number;
  /** Streams of changes that may be open at once. */
  readonly streamConnections: number;
  /** What a stream keeps for a reader that has not taken it yet, in bytes. */
  readonly streamBuffer: number;
  /** How long the views may stand still while the log goes on and count as ready, in milliseconds. */
  readonly stallTimeout: number;
  /** How long tokens go on working while the store does not answer, in milliseconds. */
  readonly tokenStaleMax: number;
  /** Readings of confidential entries kept in local.db. */
  readonly readLogMax: number;
  /** Largest headers of a request, in bytes. */
  readonly headerLimit: number;
  /** Longest address of a request, in characters. */
  readonly urlLimit: number;
  /** How long a request may take to arrive, in milliseconds. */
  readonly requestTimeout: number;
  /** How long a connection may be silent, in milliseconds. */
  readonly idleTimeout: number;
  /** Connections open at once. */
  readonly maxConnections: number;
  /** Requests that one connection may send ahead of their answers. */
  readonly pipelineLimit: number;
  /** Requests a minute of one address without a valid token, and of one token; undefined: see DEFAULT_LIMITS. */
  readonly rateLimit: number | undefined;
  readonly tokenRateLimit: number | undefined;
  /** Answers a minute of one feed, but for 304; undefined: see DEFAULT_LIMITS. */
  readonly feedRateLimit: number | undefined;
  /** How long calendars wait for views that are being built, in milliseconds; no more than half of idleTimeout. */
  readonly feedBuildWait: number;
  /** Feeds composed at once, and those that may wait: for their turn, or for views. */
  readonly feedComposing: number;
  readonly feedWaiting: number;
  /** Bytes of entries and feeds kept in memory. */
  readonly feedMemory: number;
  /** Memory of the process above which requests are refused, in bytes; undefined: no bound but that of the heap. */
  readonly memoryLimit: number | undefined;
  /** Events of one meeting or announcement. */
  readonly entryEvents: number;
  /** Proxies whose X-Forwarded-For is believed. */
  readonly trustProxy: readonly string[] | undefined;
  /** Origins whose scripts may read; `*`: all. */
  readonly corsOrigins: readonly string[] | undefined;
  /** How long a stopping server waits for requests under way, in milliseconds. */
  readonly shutdownTimeout: number;
}

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The environment does not say something that can be run. One line that names the setting and the cure. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'bad-setting';
}

const whole = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number)
    .refine((value) => value >= least && value <= most);

/** `a, b` → ['a', 'b']. */
const listOf = (isItem: (item: string) => boolean) =>
  z
    .string()
    .transform((text) => text.split(',').map((item) => item.trim()))
    .refine((items) => items.every(isItem));

function isAddressOrRange(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const version = isIP(address);
  const most = version === 4 ? 32 : 128;
  const isLength = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most);
  return version !== 0 && isLength && more.length === 0;
}

/** As browsers send it (RFC 6454 §6.1): no path, not even a slash. */
const isOrigin = (text: string): boolean =>
  /^https?:[^*]*$/.test(text) && URL.canParse(text) && new URL(text).origin === text;

/** A name, or an address without a port. */
const isHost = (text: string): boolean =>
  /[:%]/.test(text) || /^[\d.]+$/.test(text) ? isIP(text) !== 0 : /^[\w.-]+$/.test(text);

/** Names and passwords would stand in every feed. */
function hasNoCredentials(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && url.username === '' && url.password === '';
}

/** A message per setting: what it must be. `secret` values are never printed. */
const SETTINGS = {
  PORT: { must: 'a port from 0 to 65535', is: whole(0, 65_535) },
  HOST: { must: 'a host name or address, such as 127.0.0.1', is: z.string().refine(isHost) },
  DATA_DIR: { must: 'a folder', is: z.string().regex(/^[^\0]+$/) },
  STORE_URL: {
    must: 'sqlite:<file>, or esdb://<host>:<port> for a cluster',
    is: z.string().regex(/^(sqlite:[^\0]+|(esdb|kurrent|kurrentdb)(\+discover)?:\/\/[^\0]+)$/),
    secret: true,
  },
  STREAM_PREFIX: {
    must: '1 to 60 letters, digits, dots, hyphens and underscores',
    is: z.string().regex(/^[A-Za-z0-9._-]{1,60}$/),
  },
  STORE_TIMEOUT: { must: 'a number of milliseconds from 100 to 60000', is: whole(100, 60_000) },
  PUBLIC_URL: {
    must: 'an http or https address without query, password and empty parts, such as https://calendar.example.org',
    is: z
      .url({ protocol: /^https?$/ })
      .refine((url) => !/[?#]|[^:]\/\/+[^/]/.test(url) && hasNoCredentials(url))
      .transform((url) => url.replace(/\/+$/, '')),
  },
  ADMIN_TOKEN: {
    must: 'at least 32 characters without spaces',
    is: z.string().regex(/^[\x21-\x7e]{32,}$/),
    secret: true,
  },
  LOG_LEVEL: { must: `one of ${LOG_LEVELS.join(', ')}`, is: z.enum(LOG_LEVELS) },
  METRICS_PORT: { must: 'a port from 1 to 65535', is: whole(1, 65_535) },
  BODY_LIMIT: { must: 'a number of bytes from 1024 to 16777216', is: whole(1024, 16_777_216) },
  STREAM_CONNECTIONS: { must: 'a number from 1 to 100000', is: whole(1, 100_000) },
  STREAM_BUFFER: {
    must: 'a number of bytes from 65536 to 16777216',
    is: whole(65_536, 16_777_216),
  },
  STALL_TIMEOUT: {
    must: 'a number of milliseconds from 1000 to 3600000',
    is: whole(1_000, 3_600_000),
  },
  TOKEN_STALE_MAX: {
    must: 'a number of milliseconds from 1000 to 86400000',
    is: whole(1_000, 86_400_000),
  },
  READ_LOG_MAX: { must: 'a number from 1000 to 100000000', is: whole(1_000, 100_000_000) },
  HEADER_LIMIT: { must: 'a number of bytes from 4096 to 1048576', is: whole(4_096, 1_048_576) },
  URL_LIMIT: { must: 'a number of characters from 1000 to 100000', is: whole(1_000, 100_000) },
  REQUEST_TIMEOUT: {
    must: 'a number of milliseconds from 1000 to 3600000',
    is: whole(1_000, 3_600_000),
  },
  IDLE_TIMEOUT: {
    must: 'a number of milliseconds from 20000 to 3600000',
    is: whole(20_000, 3_600_000),
  },
  MAX_CONNECTIONS: { must: 'a number from 10 to 1000000', is: whole(10, 1_000_000) },
  PIPELINE_LIMIT: { must: 'a number from 1 to 10000', is: whole(1, 10_000) },
  RATE_LIMIT: { must: 'a number from 1 to 1000000000', is: whole(1, 1_000_000_000) },
  TOKEN_RATE_LIMIT: { must: 'a number from 1 to 1000000000', is: whole(1, 1_000_000_000) },
  FEED_RATE_LIMIT: { must: 'a number from 1 to 1000000000', is: whole(1, 1_000_000_000) },
  FEED_COMPOSING: { must: 'a number from 1 to 1000', is: whole(1, 1_000) },
  FEED_BUILD_WAIT: { must: 'a number from 0 to 120000, in milliseconds', is: whole(0, 120_000) },
  FEED_WAITING: { must: 'a number from 1 to 1000000', is: whole(1, 1_000_000) },
  FEED_MEMORY: {
    must: 'a number of bytes from 1000000',
    is: whole(1_000_000, Number.MAX_SAFE_INTEGER),
  },
  MEMORY_LIMIT: {
    must: 'a number of bytes from 100000000',
    is: whole(100_000_000, Number.MAX_SAFE_INTEGER),
  },
  ENTRY_EVENTS: { must: 'a number from 100 to 1000000', is: whole(100, 1_000_000) },
  TRUST_PROXY: {
    must: 'loopback, or addresses and ranges (10.0.0.0/8), separated by commas',
    is: listOf((item) => item === 'loopback' || isAddressOrRange(item)),
  },
  CORS_ORIGIN: {
    must: '* or origins such as https://example.org, separated by commas',
    is: z.union([z.literal('*').transform((all) => [all]), listOf(isOrigin)]),
  },
  SHUTDOWN_TIMEOUT: { must: 'a number of milliseconds from 100 to 60000', is: whole(100, 60_000) },
} as const satisfies Record<string, { must: string; is: z.ZodType; secret?: boolean }>;

type Setting = keyof typeof SETTINGS;
export const SETTING_NAMES = Object.keys(SETTINGS) as readonly Setting[];

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The settings of this process: the environment, and below it the `.env` file, which never overrides.
 * A setting that is empty counts as absent, so that compose files may pass it through.
 * @throws {ConfigError}
 */
export function loadConfig(environment: Environment, envFile = '.env'): Config {
  const env = settings(environment, envFile);
  const dataDir = setting(env, 'DATA_DIR') ?? 'data';
  const or = <S extends Setting, T>(name: S, otherwise: T) => setting(env, name) ?? otherwise;
  return {
    port: or('PORT', 3000),
    host: or('HOST', '127.0.0.1'),
    dataDir,
    store: storeSettings(env, dataDir),
    publicUrl: setting(env, 'PUBLIC_URL'),
    adminToken: setting(env, 'ADMIN_TOKEN'),
    logLevel: or('LOG_LEVEL', 'info'),
    metricsPort: setting(env, 'METRICS_PORT'),
    bodyLimit: or('BODY_LIMIT', 1_048_576),
    streamConnections: or('STREAM_CONNECTIONS', 500),
    streamBuffer: or('STREAM_BUFFER', 262_144),
    stallTimeout: or('STALL_TIMEOUT', 30_000),
    tokenStaleMax: or('TOKEN_STALE_MAX', 900_000),
    readLogMax: or('READ_LOG_MAX', 100_000),
    headerLimit: or('HEADER_LIMIT', 16_384),
    urlLimit: or('URL_LIMIT', 8_000),
    requestTimeout: or('REQUEST_TIMEOUT', 60_000),
    idleTimeout: or('IDLE_TIMEOUT', 60_000),
    maxConnections: or('MAX_CONNECTIONS', 10_000),
    pipelineLimit: or('PIPELINE_LIMIT', 100),
    rateLimit: setting(env, 'RATE_LIMIT'),
    tokenRateLimit: setting(env, 'TOKEN_RATE_LIMIT'),
    feedRateLimit: setting(env, 'FEED_RATE_LIMIT'),
    feedBuildWait: or('FEED_BUILD_WAIT', 30_000),
    feedComposing: or('FEED_COMPOSING', 4),
    feedWaiting: or('FEED_WAITING', 500),
    feedMemory: or('FEED_MEMORY', 268_435_456),
    memoryLimit: setting(env, 'MEMORY_LIMIT'),
    entryEvents: or('ENTRY_EVENTS', 10_000),
    trustProxy: setting(env, 'TRUST_PROXY'),
    corsOrigins: setting(env, 'CORS_ORIGIN'),
    shutdownTimeout: or('SHUTDOWN_TIMEOUT', 5_000),
  };
}

/** What is set, as text: the environment, and below it the `.env` file. @throws {ConfigError} */
export const settings = (environment: Environment, envFile = '.env'): Environment => ({
  ...readEnvFile(envFile),
  ...present(environment),
});

/** The example keeps to its own folder, also where STORE_URL names a real store: it must not reach that. */
export function exampleConfig(config: Config): Config {
  const dataDir = join(config.dataDir, 'example');
  return { ...config, dataDir, store: embedded(dataDir) };
}

/** Of an address with a user and a password, however it is written, which is not repeated. */
const PASSWORD = /@/;

function setting<S extends Setting>(
  env: Environment,
  name: S,
): z.output<(typeof SETTINGS)[S]['is']> | undefined {
  const value = env[name];
  if (value === undefined) return undefined;
  const { must, is } = SETTINGS[name];
  const parsed = is.safeParse(value);
  if (parsed.success) return parsed.data as z.output<(typeof SETTINGS)[S]['is']>;
  const isSecret = 'secret' in SETTINGS[name] || PASSWORD.test(value);
  const shown = isSecret ? '' : ` is ${JSON.stringify(value)}, but`;
  throw new ConfigError(`${name}${shown} must be ${must}`);
}

function storeSettings(env: Environment, dataDir: string): StoreSettings {
  return storeAt(setting(env, 'STORE_URL') ?? `sqlite:${join(dataDir, 'chancery.db')}`, env);
}

const embedded = (dataDir: string): StoreSettings => ({
  kind: 'sqlite',
  file: join(dataDir, 'chancery.db'),
});

/**
 * The store that a URL names: that of STORE_URL, or one on the command line.
 * @throws {ConfigError} which never repeats a password
 */
export function storeAt(url: string, env: Environment, name = 'STORE_URL'): StoreSettings {
  const prefix = setting(env, 'STREAM_PREFIX') ?? CLUSTER_DEFAULTS.prefix;
  const timeoutMs = setting(env, 'STORE_TIMEOUT') ?? CLUSTER_DEFAULTS.timeoutMs;
  const { must, is } = SETTINGS.STORE_URL;
  if (!is.safeParse(url).success) throw new ConfigError(`${name} must be ${must}`);
  if (!isClusterUrl(url)) return { kind: 'sqlite', file: url.slice('sqlite:'.length) };
  try {
    return { kind: 'cluster', cluster: clusterSettings(url, { prefix, timeoutMs }) };
  } catch (error) {
    if (error instanceof AddressError) throw new ConfigError(`${name} ${error.message}`);
    throw error;
  }
}

function readEnvFile(file: string): Environment {
  try {
    // A mark at its beginning is no part of it.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
    return present(parseEnv(text));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    if (error instanceof TypeError) throw new ConfigError(`${file} is not UTF-8: save it as UTF-8`);
    throw new ConfigError(`cannot read ${file}: ${error instanceof Error ? error.message : error}`);
  }
}

const present = (environment: Environment): Environment =>
  Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim()));
