import { join } from 'node:path';
import pino from 'pino';
import { type Chancery, openChancery } from '../../../src/chancery.ts';
import { type Clock, systemClock } from '../../../src/clock.ts';
import { type Config, loadConfig } from '../../../src/config.ts';
import { CLUSTER_DEFAULTS } from '../../../src/store/eventstoredb/settings.ts';

/** Nodes on one cluster, each with its own data folder, all in this process. */

export const TOKEN = 'a-token-for-the-tests-of-clusters-0123456789';

export interface NodeOptions {
  readonly folder: string;
  readonly name: string;
  /** STORE_URL. */
  readonly url: string;
  /** Without it, the first start makes one. */
  readonly token?: string | undefined;
  readonly clock?: Clock;
  readonly logged?: (line: string) => void;
}

export function nodeConfig({ folder, name, url, token }: NodeOptions): Config {
  const config = loadConfig(
    {
      ...{ PORT: '0', DATA_DIR: join(folder, name), STORE_URL: url, STORE_TIMEOUT: '500' },
      ...(token === undefined ? {} : { ADMIN_TOKEN: token }),
    },
    '',
  );
  if (config.store.kind !== 'cluster') return config;
  const quick = { quietMs: 50, watchdogMs: 500, longestPauseMs: 100 };
  const cluster = { ...CLUSTER_DEFAULTS, ...config.store.cluster, ...quick };
  return { ...config, store: { kind: 'cluster', cluster } };
}

export function openNode(options: NodeOptions, stopping?: AbortSignal): Promise<Chancery> {
  const { logged = () => {}, clock = systemClock } = options;
  const log = pino({ level: 'info' }, { write: logged });
  return openChancery({
    ...{ config: nodeConfig(options), log, clock },
    ...(stopping === undefined ? {} : { stopping }),
  });
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, never> & { readonly items?: readonly { readonly id: string }[] };
}

/** Asks a node; with a body, it is a POST. */
export async function ask(
  node: { readonly url: string },
  path: string,
  body?: object,
  more: Readonly<Record<string, string>> = {},
): Promise<Answered> {
  const response = await fetch(`${node.url}${path}`, {
    headers: {
      authorization: `Bearer ${TOKEN}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...more,
    },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? {} : JSON.parse(text),
  };
}

export const aMeeting = (id: string) => ({
  ...{ id, title: `Meeting ${id}`, form: 'session', classification: 'public' },
});

/** Asks again until the answer is as wanted; the test's own time limit ends it. */
export async function until<T>(
  question: () => Promise<T>,
  wanted: (answer: T) => boolean,
): Promise<T> {
  for (;;) {
    const answer = await question();
    if (wanted(answer)) return answer;
  }
}
