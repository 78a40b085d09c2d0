import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { RENDERING } from '../../src/ical/entry.ts';

/**
 * Programs keep an entry as they have it until its SEQUENCE rises. So what makes entries look different of the same
 * rows counts RENDERING up, and pins what the golden life of a meeting is then: by its count, SHA-256 of the files. A
 * life that has only become longer is pinned anew.
 */
const PINNED: Readonly<Record<number, string>> = {
  0: '0de448909c4eb2f33d611f8b9ea2a81910fd41d91c181e730e445c14bc658ed0',
};

test('entries that look different count as changed, on whatever day a program meets them', () => {
  const folder = new URL('./golden/life/', import.meta.url);
  const hash = createHash('sha256');
  for (const name of readdirSync(folder).sort()) hash.update(readFileSync(new URL(name, folder)));
  expect(hash.digest('hex')).toBe(PINNED[RENDERING.count]);
});
