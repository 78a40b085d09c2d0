/** Where a cluster is and how to reach it: plain data, so that it can be handed to another thread. */
export interface Address {
  /** One host, or the seeds that are asked where the leader is. */
  readonly hosts: readonly Host[];
  /** Ask the one host, a name with several addresses, where the leader is. */
  readonly discover: boolean;
  readonly tls: boolean;
  /** PEM file of the authority that signed the servers' certificates. */
  readonly caFile: string | undefined;
  /** PEM files of a user certificate and its key. */
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly credentials: { readonly username: string; readonly password: string } | undefined;
  readonly connectionName: string | undefined;
  /** In milliseconds; undefined: the driver's. */
  readonly keepAliveInterval: number | undefined;
  readonly keepAliveTimeout: number | undefined;
  readonly discoveryInterval: number | undefined;
  readonly maxDiscoverAttempts: number | undefined;
  /** In seconds. */
  readonly gossipTimeout: number | undefined;
  /** The address as it may be shown: without user and password. */
  readonly shown: string;
}

export interface Host {
  readonly address: string;
  readonly port: number;
}

/** The address cannot be used. The message says what to do and never repeats a password. */
export class AddressError extends Error {
  override readonly name = 'AddressError';
}

const DEFAULT_PORT = 2113;
const SCHEME = /^(?:esdb|kurrentdb|kurrent)(\+discover)?:\/\//;

/** Names of options as people write them, without case, hyphens and underscores. */
const OPTIONS = [
  'tls',
  'tlsCAFile',
  'userCertFile',
  'userKeyFile',
  'connectionName',
  'keepAliveInterval',
  'keepAliveTimeout',
  'discoveryInterval',
  'gossipTimeout',
  'maxDiscoverAttempts',
] as const;
type Option = (typeof OPTIONS)[number];

/** Options whose only value that Chancery can live with is the default. */
const FIXED: ReadonlyMap<string, string> = new Map(
  Object.entries({
    tlsverifycert: 'true',
    nodepreference: 'leader',
    throwonappendfailure: 'true',
  }),
);

/** Whether STORE_URL means a cluster. */
export const isClusterUrl = (url: string): boolean => /^(esdb|kurrentdb|kurrent)(\+|:)/.test(url);

/**
 * Reads `esdb://[user:password@]host[:port][,host…][?option=value&…]`, also as `esdb+discover://` and under
 * the database's newer name, `kurrentdb://`.
 * @throws {AddressError}
 */
export function parseAddress(url: string): Address {
  const scheme = SCHEME.exec(url);
  if (scheme === null) {
    throw new AddressError('must begin with esdb://, esdb+discover:// or kurrentdb://');
  }
  const [place = '', query = ''] = splitOnce(url.slice(scheme[0].length), '?');
  const at = place.lastIndexOf('@');
  const hosts = place
    .slice(at + 1)
    .replace(/\/+$/, '')
    .split(',')
    .map(parseHost);
  const options = parseOptions(query);
  const tls = flag(options, 'tls') ?? true;
  return {
    hosts,
    discover: scheme[1] !== undefined,
    tls,
    ...filesOf(options),
    credentials: at < 0 ? undefined : parseCredentials(place.slice(0, at), tls),
    connectionName: options.get('connectionName'),
    keepAliveInterval: number(options, 'keepAliveInterval', 10_000),
    keepAliveTimeout: number(options, 'keepAliveTimeout', 1),
    discoveryInterval: number(options, 'discoveryInterval', 1),
    maxDiscoverAttempts: number(options, 'maxDiscoverAttempts', 1),
    gossipTimeout: number(options, 'gossipTimeout', 1),
    shown: `${scheme[0]}${hosts.map(({ address, port }) => `${address}:${port}`).join(',')}`,
  };
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function parseHost(text: string): Host {
  const match = /^(\[[0-9a-fA-F:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/.exec(text.trim());
  const port = Number(match?.[2] ?? DEFAULT_PORT);
  if (match?.[1] === undefined || port < 1 || port > 65_535) {
    throw new AddressError('must name hosts as host:port, several with commas between');
  }
  return { address: match[1], port };
}

function parseCredentials(text: string, tls: boolean): Address['credentials'] {
  const [username, password] = splitOnce(text, ':');
  if (username === '' || password === '') {
    throw new AddressError('must name both a user and a password before the @, or neither');
  }
  // The driver would leave them out without a word: better to hear it now than as a refusal.
  if (!tls)
    throw new AddressError('has a password, which travels only with TLS: take tls=false out');
  try {
    return { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    throw new AddressError('has a user or password that is not percent-encoded');
  }
}

function parseOptions(query: string): ReadonlyMap<Option, string> {
  const options = new Map<Option, string>();
  for (const pair of query.split('&').filter((text) => text !== '')) {
    const [key, value] = splitOnce(pair, '=');
    const flat = key.toLowerCase().replace(/[-_]/g, '');
    const only = FIXED.get(flat);
    if (only !== undefined) requireFixed(key, value, only);
    else options.set(optionNamed(key, flat), decoded(key, value));
  }
  return options;
}

function requireFixed(key: string, value: string, only: string): void {
  if (value === only) return;
  const cure = key.toLowerCase().startsWith('tls') ? ': give tlsCAFile instead' : '';
  throw new AddressError(`has ${key}=${value}, but only ${only} can be used${cure}`);
}

function optionNamed(key: string, flat: string): Option {
  const option = OPTIONS.find((name) => name.toLowerCase() === flat);
  if (option !== undefined) return option;
  throw new AddressError(`has the unknown option ${key}: known are ${OPTIONS.join(', ')}`);
}

function decoded(key: string, value: string): string {
  try {
    if (value !== '') return decodeURIComponent(value);
  } catch {
    // Said below.
  }
  throw new AddressError(`has ${key} without a value that is percent-encoded text`);
}

function filesOf(options: ReadonlyMap<Option, string>) {
  const certFile = options.get('userCertFile');
  const keyFile = options.get('userKeyFile');
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new AddressError('must name userCertFile and userKeyFile together');
  }
  return { caFile: options.get('tlsCAFile'), certFile, keyFile };
}

function flag(options: ReadonlyMap<Option, string>, name: Option): boolean | undefined {
  const value = options.get(name);
  if (value === undefined) return undefined;
  if (value === 'true' || value === 'false') return value === 'true';
  throw new AddressError(`has ${name}=${value}: give true or false`);
}

function number(
  options: ReadonlyMap<Option, string>,
  name: Option,
  least: number,
): number | undefined {
  const value = options.get(name);
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value) && Number(value) >= least) return Number(value);
  throw new AddressError(`has ${name}=${value}: give a whole number from ${least}`);
}
