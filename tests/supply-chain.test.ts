import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ROOT } from './support/program.ts';

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
interface Locked {
  readonly integrity?: string;
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
  readonly dev?: boolean;
}
const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> };
const locked = Object.entries(packages).filter(([path]) => path !== '');

describe('the lockfile', () => {
  test('has the integrity of every package', () => {
    expect(locked.length).toBeGreaterThan(100);
    const without = locked.filter(([, { integrity }]) => !integrity?.startsWith('sha512-'));
    expect(without.map(([path]) => path)).toEqual([]);
  });

  test('takes packages from the registry alone, whichever is set', () => {
    const others = locked.filter(([, { resolved }]) => resolved !== undefined);
    expect(others.map(([path]) => path)).toEqual([]);
  });

  // protobufjs (under @eventstore/db-client) checks version ranges and prints; the image installs without scripts.
  test('has one package that runs a script when it is installed, in what runs', () => {
    const scripted = locked.filter(([, { hasInstallScript, dev }]) => hasInstallScript && !dev);
    expect(scripted.map(([path]) => path)).toEqual(['node_modules/protobufjs']);
  });
});

test('the bill of materials names everything that runs or tests it', async () => {
  const { stdout } = await promisify(execFile)('npm', ['run', '-s', 'sbom'], {
    cwd: ROOT,
    maxBuffer: 2 ** 26,
  });
  const { bomFormat, components } = JSON.parse(stdout) as {
    bomFormat: string;
    components: { name: string; version: string }[];
  };
  expect(bomFormat).toBe('CycloneDX');
  const named = new Set(components.map(({ name }) => name));
  const manifest = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;
  const all = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
  expect(all.filter((name) => !named.has(name))).toEqual([]);
});

describe('the container', () => {
  test('runs as a user of its own', () => {
    expect(read('Dockerfile')).toMatch(/^USER node$/m);
    expect(read('Dockerfile')).toContain('npm ci --ignore-scripts');
  });

  test('has a read-only root and no privileges', () => {
    const compose = read('docker-compose.yml');
    for (const line of ['read_only: true', '- ALL', '- no-new-privileges:true']) {
      expect(compose).toContain(line);
    }
  });
});
