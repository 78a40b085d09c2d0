import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError, exampleConfig, loadConfig, SETTING_NAMES } from '../../src/config.ts';

const ROOT = resolve(import.meta.dirname, '../..');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chancery-config-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const load = (env: Record<string, string>) => loadConfig(env, join(folder, '.env'));

const failure = (env: Record<string, string>): string => {
  try {
    load(env);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  throw new Error('the settings were taken');
};

it('listens on loopback and keeps its data in data/ unless told otherwise', () => {
  expect(load({})).toEqual({
    port: 3000,
    host: '127.0.0.1',
    dataDir: 'data',
    store: { kind: 'sqlite', file: join('data', 'chancery.db') },
    publicUrl: undefined,
    adminToken: undefined,
    logLevel: 'info',
    metricsPort: undefined,
    bodyLimit: 1_048_576,
    streamConnections: 500,
    streamBuffer: 262_144,
    stallTimeout: 30_000,
    tokenStaleMax: 900_000,
    readLogMax: 100_000,
    headerLimit: 16_384,
    urlLimit: 8_000,
    requestTimeout: 60_000,
    idleTimeout: 60_000,
    maxConnections: 10_000,
    pipelineLimit: 100,
    rateLimit: undefined,
    tokenRateLimit: undefined,
    feedRateLimit: undefined,
    feedBuildWait: 30_000,
    feedComposing: 4,
    feedWaiting: 500,
    feedMemory: 268_435_456,
    memoryLimit: undefined,
    entryEvents: 10_000,
    trustProxy: undefined,
    corsOrigins: undefined,
    shutdownTimeout: 5_000,
  });
});

it('takes every setting from the environment', () => {
  const token = 'x'.repeat(32);
  const config = load({
    PORT: '0',
    HOST: '::1',
    DATA_DIR: '/var/lib/chancery',
    STORE_URL: 'sqlite:/srv/events.db',
    PUBLIC_URL: 'https://calendar.example.org/desk/',
    ADMIN_TOKEN: token,
    LOG_LEVEL: 'warn',
    METRICS_PORT: '9464',
    BODY_LIMIT: '2048',
    STREAM_CONNECTIONS: '7',
    STREAM_BUFFER: '65536',
    STALL_TIMEOUT: '2000',
    TOKEN_STALE_MAX: '1000',
    READ_LOG_MAX: '5000',
    HEADER_LIMIT: '8192',
    URL_LIMIT: '2000',
    REQUEST_TIMEOUT: '3000',
    IDLE_TIMEOUT: '30000',
    MAX_CONNECTIONS: '20',
    PIPELINE_LIMIT: '5',
    RATE_LIMIT: '30',
    TOKEN_RATE_LIMIT: '300',
    FEED_RATE_LIMIT: '3',
    FEED_BUILD_WAIT: '1000',
    FEED_COMPOSING: '2',
    FEED_WAITING: '20',
    FEED_MEMORY: '1000000',
    MEMORY_LIMIT: '200000000',
    ENTRY_EVENTS: '500',
    TRUST_PROXY: 'loopback, 10.0.0.0/8,fd00::/8, 192.0.2.1',
    CORS_ORIGIN: 'https://example.org,http://127.0.0.1:8080',
    SHUTDOWN_TIMEOUT: '100',
  });
  expect(config).toEqual({
    port: 0,
    host: '::1',
    dataDir: '/var/lib/chancery',
    store: { kind: 'sqlite', file: '/srv/events.db' },
    publicUrl: 'https://calendar.example.org/desk',
    adminToken: token,
    logLevel: 'warn',
    metricsPort: 9464,
    bodyLimit: 2048,
    streamConnections: 7,
    streamBuffer: 65_536,
    stallTimeout: 2_000,
    tokenStaleMax: 1_000,
    readLogMax: 5_000,
    headerLimit: 8_192,
    urlLimit: 2_000,
    requestTimeout: 3_000,
    idleTimeout: 30_000,
    maxConnections: 20,
    pipelineLimit: 5,
    rateLimit: 30,
    tokenRateLimit: 300,
    feedRateLimit: 3,
    feedBuildWait: 1_000,
    feedComposing: 2,
    feedWaiting: 20,
    feedMemory: 1_000_000,
    memoryLimit: 200_000_000,
    entryEvents: 500,
    trustProxy: ['loopback', '10.0.0.0/8', 'fd00::/8', '192.0.2.1'],
    corsOrigins: ['https://example.org', 'http://127.0.0.1:8080'],
    shutdownTimeout: 100,
  });
});

it('keeps the store in the data folder unless STORE_URL names a file', () => {
  expect(load({ DATA_DIR: '/d' }).store).toEqual({ kind: 'sqlite', file: '/d/chancery.db' });
});

it('never lets the example near the real store', () => {
  const config = exampleConfig(load({ DATA_DIR: '/d', STORE_URL: 'sqlite:/srv/events.db' }));
  expect(config.dataDir).toBe('/d/example');
  expect(config.store).toEqual({ kind: 'sqlite', file: '/d/example/chancery.db' });
});

it('takes as much memory as a machine may have', () => {
  const { memoryLimit, feedMemory } = load({
    ...{ MEMORY_LIMIT: '64000000000', FEED_MEMORY: '200000000000' },
  });
  expect([memoryLimit, feedMemory]).toEqual([64_000_000_000, 200_000_000_000]);
});

describe('.env', () => {
  it('is read, and the environment wins over it', () => {
    writeFileSync(join(folder, '.env'), 'PORT=4000\nLOG_LEVEL="debug"\n');
    const config = load({ PORT: '5000' });
    expect(config.port).toBe(5000);
    expect(config.logLevel).toBe('debug');
  });

  it('wins over an empty variable, which counts as absent', () => {
    writeFileSync(join(folder, '.env'), 'PORT=4000\n');
    expect(load({ PORT: '' }).port).toBe(4000);
    expect(load({ PUBLIC_URL: ' ' }).publicUrl).toBeUndefined();
  });

  it('does not change the environment of the process', () => {
    writeFileSync(join(folder, '.env'), 'CHANCERY_TEST_ONLY=1\n');
    load({});
    expect(process.env['CHANCERY_TEST_ONLY']).toBeUndefined();
  });

  it('may begin with a byte order mark, and is UTF-8', () => {
    writeFileSync(join(folder, '.env'), '\ufeffPORT=4000\r\nLOG_LEVEL=debug\r\n');
    expect(load({})).toMatchObject({ port: 4000, logLevel: 'debug' });
    writeFileSync(join(folder, '.env'), Buffer.from('# G\xeanes\nPORT=4000\n', 'latin1'));
    expect(() => load({})).toThrow('is not UTF-8: save it as UTF-8');
  });

  it('that cannot be read is named', () => {
    expect(() => loadConfig({}, folder)).toThrow(`cannot read ${folder}`);
  });
});

describe('a bad setting is one line with its name and the cure', () => {
  it.each([
    ['PORT', '80a'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '3000.5'],
    ['HOST', 'my host'],
    ['HOST', '127.0.0.1:80'],
    ['HOST', '999.1.1.1'],
    ['STREAM_PREFIX', '$system'],
    ['STORE_TIMEOUT', '1'],
    ['PUBLIC_URL', 'calendar.example.org'],
    ['PUBLIC_URL', 'ftp://example.org'],
    ['PUBLIC_URL', 'https://example.org/?a=b'],
    ['PUBLIC_URL', 'https://example.org//desk'],
    ['LOG_LEVEL', 'loud'],
    ['METRICS_PORT', '0'],
    ['TRUST_PROXY', 'true'],
    ['TRUST_PROXY', '10.0.0.0/33'],
    ['TRUST_PROXY', 'proxy.example.org'],
    ['CORS_ORIGIN', 'https://example.org/'],
    ['CORS_ORIGIN', 'example.org'],
    ['CORS_ORIGIN', 'https://*.example.org'],
    ['CORS_ORIGIN', '*,https://example.org'],
    ['RATE_LIMIT', '0'],
    ['BODY_LIMIT', '10'],
    ['SHUTDOWN_TIMEOUT', '0'],
  ])('%s=%s', (name, value) => {
    const message = failure({ [name]: value });
    expect(message).toMatch(new RegExp(`^${name} is .* must be .+`));
    expect(message).toContain(JSON.stringify(value));
    expect(message).not.toContain('\n');
  });

  it('does not repeat a password', () => {
    for (const address of [
      'https://desk:secret@a.org',
      'https:desk:secret@a.org',
      'desk:secret@a',
    ]) {
      const message = failure({ PUBLIC_URL: address });
      expect(message).toMatch(/^PUBLIC_URL must be .* password/);
      expect(message).not.toContain('secret');
    }
  });

  it('keeps control characters out of the line', () => {
    expect(failure({ PORT: '1\n\u001b[31m' })).toContain('"1\\n\\u001b[31m"');
  });

  it.each(['short', `${'x'.repeat(31)} `, `${'x'.repeat(40)} y`])(
    'never prints an admin token: %j',
    (token) => {
      const message = failure({ ADMIN_TOKEN: token });
      expect(message).toBe('ADMIN_TOKEN must be at least 32 characters without spaces');
    },
  );

  it.each([
    ['postgres://user:secret@localhost', 'must be sqlite:<file>, or esdb://<host>:<port>'],
    ['sqlite:', 'must be sqlite:<file>'],
    ['esdb://user:secret@localhost?tls=false', 'has a password, which travels only with TLS'],
    ['esdb://user:secret@host?tlsVerifyCert=false', 'give tlsCAFile instead'],
    ['esdb://user:secret@host?colour=red', 'has the unknown option colour'],
    ['esdb://user:secret@host?constructor=1', 'has the unknown option constructor'],
    ['esdb://user:secret@host?tls=perhaps', 'give true or false'],
    ['esdb://user:secret@host:70000', 'must name hosts as host:port'],
    ['esdb://user@host', 'must name both a user and a password'],
    ['esdb://user:secret@host?userCertFile=a.pem', 'userCertFile and userKeyFile together'],
    ['esdb://user:secret@host?keepAliveInterval=1', 'a whole number from 10000'],
  ])('STORE_URL=%s, and never repeats a password', (url, cure) => {
    const message = failure({ STORE_URL: url });
    expect(message).toMatch(/^STORE_URL /);
    expect(message).toContain(cure);
    expect(message).not.toContain('secret');
  });
});

describe('a cluster as the store', () => {
  const clusterAt = (env: Record<string, string>) => {
    const { store } = load(env);
    if (store.kind !== 'cluster') throw new Error('the store is no cluster');
    return store.cluster;
  };

  it('is one host, TLS unless told otherwise', () => {
    const { address, prefix, timeoutMs } = clusterAt({ STORE_URL: 'esdb://db.example.org' });
    expect(address).toMatchObject({
      hosts: [{ address: 'db.example.org', port: 2113 }],
      ...{ discover: false, tls: true, credentials: undefined },
    });
    expect({ prefix, timeoutMs }).toEqual({ prefix: 'chancery.', timeoutMs: 3_000 });
  });

  it.each(['esdb', 'kurrentdb', 'kurrent'])('goes by the name %s', (scheme) => {
    const { address } = clusterAt({ STORE_URL: `${scheme}+discover://cluster.example.org:2114` });
    expect(address.hosts).toEqual([{ address: 'cluster.example.org', port: 2114 }]);
    expect(address.discover).toBe(true);
  });

  it('is several seeds, with a user, certificates and a pace', () => {
    const query = 'tls=true&tls_ca_file=ca.pem&userCertFile=u.pem&userKeyFile=u.key';
    const pace = 'gossipTimeout=2&maxDiscoverAttempts=3&discoveryInterval=50';
    const { address } = clusterAt({
      STORE_URL: `esdb://desk:p%40ss@a:1,b:2,[::1]/?${query}&${pace}&keepAliveTimeout=5000`,
    });
    expect(address).toMatchObject({
      hosts: [
        { address: 'a', port: 1 },
        { address: 'b', port: 2 },
        { address: '[::1]', port: 2113 },
      ],
      credentials: { username: 'desk', password: 'p@ss' },
      ...{ caFile: 'ca.pem', certFile: 'u.pem', keyFile: 'u.key' },
      ...{ gossipTimeout: 2, maxDiscoverAttempts: 3, discoveryInterval: 50 },
      keepAliveTimeout: 5_000,
    });
    expect(address.shown).toBe('esdb://a:1,b:2,[::1]:2113');
  });

  it('keeps its own prefix and patience', () => {
    const env = { STREAM_PREFIX: 'desk-2.', STORE_TIMEOUT: '500' };
    const cluster = clusterAt({ STORE_URL: 'esdb://localhost?tls=false', ...env });
    expect(cluster).toMatchObject({ prefix: 'desk-2.', timeoutMs: 500 });
  });
});

describe('the settings are documented', () => {
  it('.env.example has every setting and no other', () => {
    const text = readFileSync(join(ROOT, '.env.example'), 'utf8');
    const commented = text.replace(/^# ([A-Z_]+=)/gm, '$1');
    expect(Object.keys(parseEnv(commented)).sort()).toEqual([...SETTING_NAMES].sort());
  });

  it('.env.example shows the defaults', () => {
    expect(loadConfig({}, join(ROOT, '.env.example'))).toEqual(load({}));
  });

  it('the README has a row for every setting and no other', () => {
    const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
    const section = readme.split(/^## /m).find((part) => part.startsWith('Settings')) ?? '';
    const rows = [...section.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, name]) => name);
    expect(rows.sort()).toEqual([...SETTING_NAMES].sort());
  });
});
