import { isIPv6 } from 'node:net';
import type { FastifyRequest } from 'fastify';

/** An IPv6 user has a whole /64 (RFC 6177 §2): its addresses are one. */
export const IPV6_PREFIX = 64;

const GROUP_BITS = 16;

/** Whether a request comes from this machine: a proxy that does not say for whom, or the operator. */
export function isLocal(request: FastifyRequest): boolean {
  const ip = ipOf(request);
  return ip.startsWith('127.') || ip === '::1' || ip.startsWith('::ffff:127.');
}

// A connection that has broken while an answer was made has no address, whatever the type says.
const ipOf = ({ ip }: FastifyRequest): string => (ip as string | undefined) ?? '';

/** The address by which a request without a token is counted; undefined: it comes from this machine. */
export function addressOf(request: FastifyRequest): string | undefined {
  if (isLocal(request)) return undefined;
  const ip = ipOf(request);
  return isIPv6(ip) && !ip.includes('.') ? networkOf(ip) : ip;
}

/** The first groups of an IPv6 address, written out. */
function networkOf(ip: string): string {
  const [head = '', tail] = ip.split('::');
  const before = head.split(':').filter((group) => group !== '');
  const after = (tail ?? '').split(':').filter((group) => group !== '');
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const groups = [...before, ...Array.from({ length: zeros }, () => '0'), ...after];
  return groups
    .slice(0, IPV6_PREFIX / GROUP_BITS)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
