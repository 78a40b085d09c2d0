import type { FastifyRequest } from 'fastify';
import { expect, test } from 'vitest';
import { addressOf } from '../../src/http/caller-address.ts';

const from = (ip: string | undefined) => addressOf({ ip } as FastifyRequest);

test.each([
  ['127.0.0.1', undefined],
  ['::1', undefined],
  ['::ffff:127.0.0.1', undefined],
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '::ffff:192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:0db8:0001:0002:ffff::1', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['fe80::1', 'fe80:0:0:0'],
  [undefined, ''],
])('%s counts as %s', (ip, address) => {
  expect(from(ip)).toBe(address);
});
