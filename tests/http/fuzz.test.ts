import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { askRaw } from './support/ask.ts';
import { hostileBytes, hostileRequest, type Request } from './support/hostile.ts';
import { type Got, MEETING, openWorld, REPORT } from './support/world.ts';
import { must } from './support/writes.ts';

/**
 * Whatever comes in: an answer that is no fault of the server (`ask` refuses any 500, and a body that is not
 * in the document), and nothing written unless it says so. A failure prints the seed and the smallest
 * request found.
 */

const world = await openWorld(() => ({ limits: { seenWaitMs: 1, writeWaitMs: 1_000 } }));
must(201, await world.post('/announcements', REPORT));
must(201, await world.post('/meetings', MEETING));
afterAll(() => world.close());

/** Rounds are bounded by time; on a slow machine there are fewer. */
const BOUND = {
  numRuns: 1_000_000,
  interruptAfterTimeLimit: Number(process.env.FUZZ_MS ?? 2_500),
  markInterruptAsFailure: false,
  ...(process.env.FUZZ_SEED === undefined ? {} : { seed: Number(process.env.FUZZ_SEED) }),
};
/** No answer takes longer, whatever it is asked: an expression that backtracks would. */
const PATIENCE_MS = 5_000;

/** Only who waits for an event that is none may be told to come again. */
function expectNoFault(path: string, { status, text }: Got): void {
  if (status === 503) expect(path).toContain('seen');
  else expect(status, text).toBeLessThan(500);
}

const requests = hostileRequest(world.checker.document);

/** Asks, and checks that the answer and the store agree; the status. */
async function judge({ path, raw, ...ask }: Request): Promise<number> {
  const head = await world.head();
  const begun = performance.now();
  const got = await world.ask(path, { ...ask, ...(raw === undefined ? {} : { raw }) });
  expect(performance.now() - begun, path).toBeLessThan(PATIENCE_MS);
  expectNoFault(path, got);
  // What is sent back stays where it belongs: no header is made of it, no prototype, no line.
  expect(got.headers.get('x-evil')).toBeNull();
  expect(({} as { title?: unknown }).title).toBeUndefined();
  const event = got.headers.get('chancery-event');
  if (event === null) expect(await world.head()).toBe(head);
  return got.status;
}

test('the requests get past the door: some are answered, some carried out, some refused', async () => {
  const statuses = new Set<number>();
  for (const request of fc.sample(requests, { seed: 2, numRuns: 250 })) {
    statuses.add(await judge(request));
  }
  expect([...statuses]).toEqual(expect.arrayContaining([200, 201, 400, 401, 403, 404, 405, 415]));
});

test('no request brings the server down, or writes without saying so', async () => {
  await fc.assert(
    fc.asyncProperty(requests, async (request) => {
      await judge(request);
    }),
    BOUND,
  );
  expect(world.logged).toEqual([]);
});

test('no bytes bring the server down, leave a connection open, or write anything', async () => {
  const head = await world.head();
  await fc.assert(
    fc.asyncProperty(hostileBytes, async (bytes) => {
      const answer = await askRaw(world.port, bytes, true);
      for (const [, status] of answer.matchAll(/^HTTP\/1\.1 (\d{3})/gm)) {
        expect(Number(status)).toBeLessThan(500);
      }
    }),
    BOUND,
  );
  expect(await world.head()).toBe(head);
  expect((await world.get('/healthz')).status).toBe(200);
});

test('what was written on the way can still be read', async () => {
  for (const path of [
    '/meetings',
    '/announcements',
    '/changes',
    '/parties',
    '/calendar.ics',
    '/',
  ]) {
    expect((await world.get(path)).status, path).toBe(200);
  }
});
