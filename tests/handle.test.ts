import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type NewEvent, newEvent, type RecordedEvent } from '../events/envelope.ts';
import { UpcastError } from '../events/registry.ts';
import { matchCommand } from '../src/commands.ts';
import { backoff } from '../src/handle/pause.ts';
import { recordRelease } from '../src/handle/release.ts';
import { type Actor, type CommandResult, createHandler, type Handle } from '../src/handle.ts';
import { commandId, eventId, generatedId, releaseId, requestHash } from '../src/ids.ts';
import {
  type EventStore,
  InvalidEvent,
  PartialAppend,
  RevisionConflict,
  StoreUnavailable,
} from '../src/store/event-store.ts';
import { openSqliteStore } from '../src/store/sqlite/index.ts';
import { withAppends } from './support/scripted-store.ts';

let folder: string;
let store: EventStore;
let clock: number;
let uuids: number;
let pauses: number[];
let handle: Handle;

const START = Date.UTC(2021, 10, 22, 8);
const editor: Actor = { id: 'desk', ceiling: 'internal' };
const admin: Actor = { id: 'import', ceiling: 'confidential' };
const handlerOn = (on: EventStore, retries?: number): Handle =>
  createHandler({
    store: on,
    now: () => clock,
    randomUuid: () => `00000000-0000-4000-8000-${String(++uuids).padStart(12, '0')}`,
    pause: async (attempt) => {
      pauses.push(attempt);
    },
    ...(retries === undefined ? {} : { retries }),
  });

interface Extra {
  actor?: Actor;
  key?: string;
  ifMatch?: number;
  by?: Handle;
}

function post(path: string, body?: unknown, extra: Extra = {}): Promise<CommandResult> {
  const match = matchCommand(path);
  if (match === undefined) throw new Error(`no command at ${path}`);
  const { by = handle, actor = editor, key, ifMatch } = extra;
  return by({ ...match, body, actor, key, ifMatch });
}

const meeting = { id: 'geneva', title: 'Session', form: 'session', when: { edtf: '2022-08' } };
const report = {
  id: 'tass',
  title: 'Report',
  kind: 'report',
  outlet: 'TASS',
  publishedAt: { value: '2021-11-21' },
  language: 'en',
};
const events = (stream = 'meeting-geneva') => store.readStream(stream);
const failure = (code: string, more: object = {}) => expect.objectContaining({ code, ...more });
const rejected = (rule: string) => failure('rejected', { rule });
const unavailable = (outcome: 'unknown' | 'not-written') => new StoreUnavailable('away', outcome);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'handle-'));
  store = await openSqliteStore({ file: join(folder, 'events.db') });
  clock = START;
  uuids = 0;
  pauses = [];
  handle = handlerOn(store);
});

afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

describe('an accepted command', () => {
  it('appends a whole event and tells where', async () => {
    const result = await post('/meetings', meeting, { key: 'k' });
    const [event] = await events();
    expect(result).toEqual({
      stream: 'meeting-geneva',
      kind: 'meeting',
      id: 'geneva',
      revision: 0,
      position: event?.position,
      eventId: event?.id,
      created: true,
      repeated: false,
    });
    const command = commandId('desk', 'meeting-geneva', 'k');
    const hash = requestHash('create', meeting);
    expect(event).toMatchObject({
      id: eventId(command, hash, 0),
      type: 'MeetingAnnounced',
      data: {
        title: 'Session',
        form: 'session',
        when: { edtf: '2022-08' },
        participants: [],
        topics: [],
        classification: 'internal',
      },
      meta: {
        recordedAt: '2021-11-22T08:00:00Z',
        statedAt: '2021-11-22T08:00:00Z',
        actor: 'desk',
        commandId: command,
        correlationId: command,
        causationId: command,
        requestHash: hash,
        schema: 1,
      },
    });
    const {
      stream: _s,
      revision: _r,
      position: _p,
      ...asAppended
    } = event ?? { stream: 0, revision: 0, position: 0 };
    expect(newEvent.safeParse(asAppended).success).toBe(true);
  });

  it('without a key has a random command id, without an id one made from it', async () => {
    const { id: _, ...anonymous } = meeting;
    const result = await post('/meetings', anonymous);
    expect(result.id).toBe(generatedId('00000000-0000-4000-8000-000000000001'));
    expect((await post('/meetings', anonymous)).id).not.toBe(result.id);
  });

  it('is never recorded before what came before it', async () => {
    await post('/meetings', meeting);
    clock -= 60_000;
    await post('/meetings/geneva/confirm');
    expect((await events()).map((e) => e.meta.recordedAt)).toEqual([
      '2021-11-22T08:00:00Z',
      '2021-11-22T08:00:00Z',
    ]);
  });

  it('takes statedAt from the latest of its sources', async () => {
    await post('/announcements', report);
    await post('/announcements', {
      ...report,
      id: 'sana',
      publishedAt: { value: '2021-11-20T23:00:00Z' },
    });
    await post('/meetings', { ...meeting, basedOn: ['tass', 'sana'] });
    const [event] = await events();
    expect(event?.meta).toMatchObject({ statedAt: '2021-11-21', basedOn: ['tass', 'sana'] });
    expect((await events('announcement-tass'))[0]?.meta.statedAt).toBe('2021-11-21');
  });

  it('an announcement was stated when it was published, whenever its sources were', async () => {
    await post('/announcements', report);
    const publishedAt = { value: '2021-11-19T10:00:00.000Z' };
    await post('/announcements', { ...report, id: 'sana', publishedAt, basedOn: ['tass'] });
    const [event] = await events('announcement-sana');
    expect(event?.meta).toMatchObject({ statedAt: '2021-11-19T10:00:00Z', basedOn: ['tass'] });
  });

  it.each([
    ['2021-11-21', '2021-11-21'],
    ['2021-11-21T10:00:00Z', '2021-11-21T10:00:00.000Z'],
  ])('an announcement may be told to be stated at %s', async (value, statedAt) => {
    const body = { ...report, publishedAt: { value }, statedAt };
    expect(await post('/announcements', body)).toMatchObject({ revision: 0 });
    expect((await events('announcement-tass'))[0]?.meta.statedAt).toBe(value);
  });

  it.each([
    ['2021-11-21', '2021-11-20'],
    ['2021-11-21', '2021-11-22'],
    ['2021-11-21', '2021-11-21T00:00:00Z'],
    ['2021-11-21T10:00:00Z', '2021-11-21'],
    ['2021-11-21T10:00:00Z', '2021-11-21T10:00:00.001Z'],
  ])('an announcement of %s is not stated at %s', async (value, statedAt) => {
    const body = { ...report, publishedAt: { value }, statedAt };
    await expect(post('/announcements', body)).rejects.toEqual(
      failure('validation-failed', {
        errors: [{ path: '/statedAt', message: expect.stringContaining('leave statedAt out') }],
      }),
    );
    expect(await events('announcement-tass')).toHaveLength(0);
  });

  it('a correction of an announcement may be stated at another time', async () => {
    await post('/announcements', report);
    const body = {
      publishedAt: { value: '2021-11-20' },
      reason: 'misread',
      statedAt: '2021-11-22',
    };
    expect(await post('/announcements/tass/correct', body)).toMatchObject({ revision: 1 });
  });

  it('a correction was stated when the field was', async () => {
    await post('/meetings', { ...meeting, statedAt: '2021-10-22' });
    await post('/meetings/geneva/reschedule', {
      when: { edtf: '2022-09' },
      statedAt: '2021-11-01',
    });
    await post('/meetings/geneva/correct', { title: 'Eighth session', reason: 'misread' });
    await post('/meetings/geneva/correct', { when: { edtf: '2022-10' }, reason: 'misread' });
    expect((await events()).map((e) => e.meta.statedAt)).toEqual([
      '2021-10-22',
      '2021-11-01',
      '2021-10-22',
      '2021-11-01',
    ]);
  });

  it('an outcome was not stated before the meeting was held', async () => {
    await post('/meetings', { ...meeting, when: { edtf: '2021-11-01' }, statedAt: '2021-10-22' });
    await post('/meetings/geneva/hold', { statedAt: '2021-11-02' });
    const body = { outcome: 'They agreed.', statedAt: '2021-11-01' };
    await expect(post('/meetings/geneva/outcome', body)).rejects.toEqual(
      rejected('stated-out-of-order'),
    );
    await post('/meetings/geneva/outcome', { ...body, statedAt: '2021-11-02' });
  });

  it.each([
    ['stated-before-first', '2021-10-21'],
    ['stated-in-future', '2021-11-24'],
    ['stated-out-of-order', '2021-10-31'],
  ])('is refused as %s', async (rule, statedAt) => {
    await post('/meetings', { ...meeting, statedAt: '2021-10-22' });
    await post('/meetings/geneva/reschedule', {
      when: { edtf: '2022-09' },
      statedAt: '2021-11-01',
    });
    const body = { when: { edtf: '2022-10' }, statedAt };
    await expect(post('/meetings/geneva/reschedule', body)).rejects.toEqual(rejected(rule));
    expect(await events()).toHaveLength(2);
  });
});

describe('an idempotency key', () => {
  it('makes a retry write nothing and answer as the first time', async () => {
    const first = await post('/meetings', meeting, { key: 'k' });
    await post('/meetings/geneva/confirm');
    clock += 1000;
    expect(await post('/meetings', meeting, { key: 'k' })).toEqual({ ...first, repeated: true });
    expect(await events()).toHaveLength(2);
  });

  it('holds for a meeting whose id is generated', async () => {
    const { id: _, ...anonymous } = meeting;
    const first = await post('/meetings', anonymous, { key: 'k' });
    expect(await post('/meetings', anonymous, { key: 'k' })).toEqual({ ...first, repeated: true });
    expect((await post('/meetings', anonymous, { key: 'l' })).id).not.toBe(first.id);
    const other = { ...editor, id: 'other' };
    expect((await post('/meetings', anonymous, { key: 'k', actor: other })).id).not.toBe(first.id);
  });

  it('is checked before If-Match', async () => {
    await post('/meetings', meeting);
    const first = await post('/meetings/geneva/confirm', {}, { key: 'k', ifMatch: 0 });
    const again = await post('/meetings/geneva/confirm', {}, { key: 'k', ifMatch: 0 });
    expect(again).toEqual({ ...first, repeated: true });
  });

  it.each([
    ['another body', '/meetings/geneva/cancel', { reason: 'b' }],
    ['another action', '/meetings/geneva/postpone', { reason: 'a' }],
  ])('is not reused for %s', async (_, path, body) => {
    await post('/meetings', meeting);
    await post('/meetings/geneva/cancel', { reason: 'a' }, { key: 'k' });
    await expect(post(path, body, { key: 'k' })).rejects.toEqual(rejected('key-reused'));
  });

  it('tells the removal of one participant from that of another', async () => {
    await post('/meetings', { ...meeting, participants: [{ name: 'A' }, { name: 'B' }] });
    await post('/meetings/geneva/participants/a/remove', {}, { key: 'k' });
    await expect(post('/meetings/geneva/participants/b/remove', {}, { key: 'k' })).rejects.toEqual(
      rejected('key-reused'),
    );
  });

  it('is not remembered for a refused command', async () => {
    await post('/meetings', meeting);
    const hold = () => post('/meetings/geneva/hold', {}, { key: 'k' });
    await expect(hold()).rejects.toEqual(rejected('hold-before-start'));
    clock = Date.UTC(2022, 7, 2);
    expect(await hold()).toMatchObject({ repeated: false, revision: 1 });
  });

  it('of two identical requests at once, one writes', async () => {
    const [a, b] = await Promise.all([
      post('/meetings', meeting, { key: 'k' }),
      post('/meetings', meeting, { key: 'k' }),
    ]);
    expect(a?.eventId).toBe(b?.eventId);
    expect(await events()).toHaveLength(1);
  });

  it('of two requests at once with different bodies, one is told that its key is used', async () => {
    const results = await Promise.allSettled([
      post('/meetings', meeting, { key: 'k' }),
      post('/meetings', { ...meeting, title: 'Other' }, { key: 'k' }),
    ]);
    expect(results.map((r) => r.status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(results.find((r) => r.status === 'rejected')).toMatchObject({
      reason: { rule: 'key-reused' },
    });
  });

  it.each(['', 'x'.repeat(201)])('has 1 to 200 characters', async (key) => {
    await expect(post('/meetings', meeting, { key })).rejects.toEqual(failure('validation-failed'));
  });
});

describe('concurrency', () => {
  it('a stale If-Match is a conflict of the caller', async () => {
    await post('/meetings', meeting);
    await post('/meetings/geneva/confirm');
    await expect(post('/meetings/geneva/cancel', {}, { ifMatch: 0 })).rejects.toMatchObject({
      name: 'RevisionConflict',
      expected: 0,
      actual: 1,
    });
    expect(await post('/meetings/geneva/cancel', {}, { ifMatch: 1 })).toMatchObject({
      revision: 2,
    });
  });

  it('without If-Match it is decided again on what is there now', async () => {
    await post('/meetings', { ...meeting, participants: [] });
    const names = Array.from({ length: 5 }, (_, i) => `party ${i}`);
    await Promise.all(names.map((name) => post('/meetings/geneva/participants', { name })));
    expect((await events()).map((e) => e.revision)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('decides anew, so that what another did first can refuse it', async () => {
    await post('/meetings', meeting);
    const late = withAppends(store, [
      (append) =>
        async (...args) => {
          await post('/meetings/geneva/cancel');
          return append(...args);
        },
    ]);
    await expect(post('/meetings/geneva/confirm', {}, { by: handlerOn(late) })).rejects.toEqual(
      rejected('wrong-status'),
    );
  });

  it("with If-Match a conflict while appending is the caller's too", async () => {
    await post('/meetings', meeting);
    const late = withAppends(store, [
      (append) =>
        async (...args) => {
          await post('/meetings/geneva/confirm');
          return append(...args);
        },
    ]);
    await expect(
      post('/meetings/geneva/cancel', {}, { by: handlerOn(late), ifMatch: 0 }),
    ).rejects.toBeInstanceOf(RevisionConflict);
  });

  it('pauses longer before each further try, and not before the first or after the last', async () => {
    await post('/meetings', meeting);
    expect(pauses).toEqual([]);
    const conflict = () => () => Promise.reject(new RevisionConflict('meeting-geneva', 0, 1));
    const busy = handlerOn(withAppends(store, [conflict, conflict, conflict]), 2);
    await expect(post('/meetings/geneva/confirm', {}, { by: busy })).rejects.toThrow();
    expect(pauses).toEqual([1, 2]);
  });

  it('pauses a short while by itself', async () => {
    await post('/meetings', meeting);
    const conflict = () => () => Promise.reject(new RevisionConflict('meeting-geneva', 0, 1));
    const by = createHandler({
      store: withAppends(store, [conflict]),
      now: () => clock,
      randomUuid: () => '00000000-0000-4000-8000-00000000000a',
    });
    const before = performance.now();
    expect(await post('/meetings/geneva/confirm', {}, { by })).toMatchObject({ revision: 1 });
    expect(performance.now() - before).toBeGreaterThanOrEqual(1);
  });

  it('gives up after a few conflicts, as unavailable', async () => {
    await post('/meetings', meeting);
    const conflict = () => () => Promise.reject(new RevisionConflict('meeting-geneva', 0, 1));
    const partial = () => () => Promise.reject(new PartialAppend('half'));
    const busy = handlerOn(withAppends(store, [conflict, partial, conflict]), 2);
    await expect(post('/meetings/geneva/confirm', {}, { by: busy })).rejects.toMatchObject({
      name: 'StoreContended',
      outcome: 'not-written',
    });
    const twice = handlerOn(withAppends(store, [conflict, partial]), 2);
    expect(await post('/meetings/geneva/confirm', {}, { by: twice })).toMatchObject({
      revision: 1,
    });
  });
});

describe('an append of unknown outcome', () => {
  const written =
    (append: EventStore['append']): EventStore['append'] =>
    async (...args) => {
      await append(...args);
      throw unavailable('unknown');
    };
  const lost = () => () => Promise.reject(unavailable('unknown'));

  it.each([
    ['that was written', written],
    ['that was lost', lost],
  ])('%s is sent again, with the same ids and revision', async (_, fault) => {
    const faulty = handlerOn(withAppends(store, [fault, fault]));
    const result = await post('/meetings', meeting, { by: faulty });
    expect((await events()).map((e) => e.id)).toEqual([result.eventId]);
  });

  it('is reported when it stays unknown; a retry with the key is safe', async () => {
    const faulty = handlerOn(withAppends(store, [written, lost]), 1);
    await expect(post('/meetings', meeting, { by: faulty, key: 'k' })).rejects.toMatchObject({
      outcome: 'unknown',
    });
    expect(await post('/meetings', meeting, { key: 'k' })).toMatchObject({ repeated: true });
    expect(await events()).toHaveLength(1);
  });

  it('stays unknown when a later try fails without writing', async () => {
    const down = () => () => Promise.reject(unavailable('not-written'));
    const faulty = handlerOn(withAppends(store, [written, down]));
    await expect(post('/meetings', meeting, { by: faulty, key: 'k' })).rejects.toMatchObject({
      name: 'StoreUnavailable',
      outcome: 'unknown',
    });
    expect(await post('/meetings', meeting, { key: 'k' })).toMatchObject({ repeated: true });
  });

  it('is sent again a few times, with a pause before each', async () => {
    const faulty = handlerOn(withAppends(store, [lost, lost, lost]), 2);
    await expect(post('/meetings', meeting, { by: faulty })).rejects.toMatchObject({
      outcome: 'unknown',
    });
    expect(pauses).toEqual([1, 2]);
    expect(await events()).toHaveLength(0);
  });

  it('that was not written is reported at once', async () => {
    const down = () => () => Promise.reject(unavailable('not-written'));
    await expect(
      post('/meetings', meeting, { by: handlerOn(withAppends(store, [down])) }),
    ).rejects.toMatchObject({ outcome: 'not-written' });
    expect(await events()).toHaveLength(0);
    expect(pauses).toEqual([]);
  });
});

describe('the pause between two tries', () => {
  it('doubles, is capped, and is spread over half of it', () => {
    const random = vi.spyOn(Math, 'random');
    const at = (value: number, attempts: number[]) => {
      random.mockReturnValue(value);
      return attempts.map(backoff);
    };
    try {
      expect(at(1, [1, 2, 3, 20, 2000])).toEqual([8, 16, 32, 250, 250]);
      expect(at(0, [1, 2, 3, 20, 2000])).toEqual([4, 8, 16, 125, 125]);
    } finally {
      random.mockRestore();
    }
  });
});

describe('a store that', () => {
  it('takes no event as large as this refuses the command, saying so', async () => {
    const small = await openSqliteStore({
      file: join(folder, 'small.db'),
      limits: { bytesPerEvent: 1_000 },
    });
    try {
      const by = handlerOn(small);
      const large = { ...meeting, topics: Array.from({ length: 9 }, (_, i) => `${i}`.repeat(80)) };
      await expect(post('/meetings', large, { by })).rejects.toEqual(
        failure('body-too-large', {
          name: 'TooLarge',
          message: expect.stringMatching(/takes \d+ bytes, 1000 are allowed/),
          cause: expect.any(InvalidEvent),
        }),
      );
      expect(pauses).toEqual([]);
      expect(await post('/meetings', meeting, { by })).toMatchObject({ revision: 0 });
    } finally {
      await small.close();
    }
  });

  it.each([
    ['meeting', 'MeetingConfirmed', '/meetings/geneva/cancel'],
    ['announcement', 'AnnouncementRetracted', '/announcements/geneva/retract'],
  ])('holds a %s of a newer version is unavailable until the upgrade', async (kind, type, path) => {
    const made = kind === 'meeting' ? meeting : { ...report, id: 'geneva' };
    await post(`/${kind}s`, made);
    const stream = `${kind}-geneva`;
    const meta = { ...(await events(stream))[0]?.meta, schema: 2 } as NewEvent['meta'];
    const id = releaseId(stream, 'newer');
    await store.append(stream, [{ id, type, data: { reason: 'x' }, meta }], 0);
    await expect(post(path, kind === 'meeting' ? {} : { reason: 'x' })).rejects.toEqual(
      expect.objectContaining({
        name: 'StoreUnavailable',
        outcome: 'not-written',
        message: expect.stringContaining('Upgrade Chancery'),
        cause: expect.any(UpcastError),
      }),
    );
    expect(await events(stream)).toHaveLength(2);
  });
});

describe('access', () => {
  const secret = async () => {
    const { id: _, ...anonymous } = meeting;
    const result = await post(
      '/meetings',
      { ...anonymous, classification: 'confidential' },
      { actor: admin },
    );
    return result.id;
  };

  it('nobody classifies above the own ceiling', async () => {
    const { id: _, ...anonymous } = meeting;
    const body = { ...anonymous, classification: 'confidential' };
    await expect(post('/meetings', body)).rejects.toEqual(failure('forbidden'));
    await post('/meetings', meeting);
    await expect(
      post('/meetings/geneva/reclassify', { classification: 'confidential' }),
    ).rejects.toEqual(failure('forbidden'));
  });

  it('a confidential entry takes no chosen id', async () => {
    for (const [path, body] of [
      ['/meetings', meeting],
      ['/announcements', report],
    ] as const) {
      await expect(
        post(path, { ...body, classification: 'confidential' }, { actor: admin }),
      ).rejects.toEqual(
        failure('validation-failed', { errors: [expect.objectContaining({ path: '/id' })] }),
      );
    }
  });

  it('a hidden entry is as one that is not there', async () => {
    const id = await secret();
    const told = async (missing: string) =>
      post(`/meetings/${missing}/cancel`).catch(
        (e: Error) => `${e.name} ${e.message.replace(missing, '…')}`,
      );
    expect(await told(id)).toBe(await told('nothing'));
    expect(await told(id)).toMatch(/^NotFound/);
    await expect(post(`/meetings/${id}/cancel`, {}, { ifMatch: 7 })).rejects.toEqual(
      failure('not-found'),
    );
    expect(await post(`/meetings/${id}/cancel`, {}, { actor: admin })).toMatchObject({
      revision: 1,
    });
  });

  it('a repeated command tells nothing of an entry that is hidden since', async () => {
    await post('/meetings', meeting, { key: 'k' });
    await post('/meetings/geneva/reclassify', { classification: 'confidential' }, { actor: admin });
    await expect(post('/meetings', meeting, { key: 'k' })).rejects.toEqual(failure('not-found'));
    await expect(post('/meetings', meeting)).rejects.toEqual(failure('id-taken'));
  });

  it('an embargo ends by the clock', async () => {
    const reader: Actor = { ...editor, ceiling: 'public' };
    const embargoUntil = '2021-11-22T09:00:00.000Z';
    await post('/meetings', { ...meeting, classification: 'public', embargoUntil });
    expect((await events())[0]?.data).toHaveProperty('embargoUntil', '2021-11-22T09:00:00Z');
    await expect(post('/meetings/geneva/confirm', {}, { actor: reader })).rejects.toEqual(
      failure('not-found'),
    );
    clock = Date.UTC(2021, 10, 22, 9);
    expect(await post('/meetings/geneva/confirm', {}, { actor: reader })).toMatchObject({
      id: 'geneva',
    });
  });

  describe('an embargo that has ended, and no event says so yet', () => {
    const END = '2021-11-22T09:00:00Z';
    const types = async (stream?: string) => (await events(stream)).map(({ type }) => type);

    beforeEach(async () => {
      const access = { classification: 'public', embargoUntil: END };
      await post('/meetings', { ...meeting, ...access });
      await post('/announcements', { ...report, ...access });
      clock = Date.UTC(2021, 10, 22, 9, 0, 1);
    });

    it('is recorded before what a command does then', async () => {
      const done = await post('/meetings/geneva/confirm', {}, { key: 'k' });
      expect(done).toMatchObject({ revision: 2, repeated: false });
      const [, released, confirmed] = await events();
      expect(released).toMatchObject({
        ...{ id: releaseId('meeting-geneva', END), type: 'MeetingReleased', revision: 1 },
        data: { embargoUntil: END },
        meta: { actor: 'clock', recordedAt: END },
      });
      expect(confirmed).toMatchObject({ id: done.eventId, type: 'MeetingConfirmed', revision: 2 });
      expect(await post('/meetings/geneva/confirm', {}, { key: 'k' })).toMatchObject({
        ...{ revision: 2, repeated: true, eventId: done.eventId },
      });
    });

    it('is over before the entry is hidden again', async () => {
      await post('/announcements/tass/reclassify', { classification: 'internal' });
      expect(await types('announcement-tass')).toEqual([
        ...['AnnouncementPublished', 'AnnouncementReleased', 'AnnouncementReclassified'],
      ]);
    });

    it('leaves the revision that the caller has seen', async () => {
      expect(await post('/meetings/geneva/confirm', {}, { ifMatch: 0 })).toMatchObject({
        revision: 2,
      });
    });

    it('is not recorded by a command that is refused', async () => {
      const again = { classification: 'public' };
      await expect(post('/meetings/geneva/reclassify', again)).rejects.toEqual(
        rejected('nothing-changes'),
      );
      expect(await types()).toEqual(['MeetingAnnounced']);
    });

    const racing = () =>
      handlerOn(
        withAppends(store, [
          (append) =>
            async (...args) => {
              await recordRelease(store, 'meeting', 'geneva', clock);
              return append(...args);
            },
        ]),
      );

    it('is recorded once, whoever else records it at the same time', async () => {
      await post('/meetings/geneva/confirm', {}, { by: racing() });
      expect(await types()).toEqual(['MeetingAnnounced', 'MeetingReleased', 'MeetingConfirmed']);
    });

    it('is a change that the caller has not seen, once another has recorded it', async () => {
      await expect(
        post('/meetings/geneva/confirm', {}, { by: racing(), ifMatch: 0 }),
      ).rejects.toEqual(expect.objectContaining({ expected: 0, actual: 1 }));
      expect(await types()).toEqual(['MeetingAnnounced', 'MeetingReleased']);
    });

    it('was recorded by a clock that was ahead: another embargo to the same end is refused', async () => {
      await recordRelease(store, 'meeting', 'geneva', clock);
      clock = Date.UTC(2021, 10, 22, 8, 59);
      const again = { classification: 'public', embargoUntil: END };
      await expect(post('/meetings/geneva/reclassify', again)).rejects.toEqual(
        rejected('embargo-passed'),
      );
      const later = { ...again, embargoUntil: '2021-11-22T09:00:01Z' };
      expect(await post('/meetings/geneva/reclassify', later)).toMatchObject({ revision: 2 });
    });

    it('does not stand in the way, where a log has two embargoes to the same end', async () => {
      await recordRelease(store, 'meeting', 'geneva', clock);
      const [announced, released] = await events();
      const { stream, revision, position: _, ...event } = released as RecordedEvent;
      const data = { classification: 'public', embargoUntil: END };
      const again = { ...event, id: generatedId('again'), type: 'MeetingReclassified', data };
      await store.append(stream, [again], revision);
      expect(await recordRelease(store, 'meeting', 'geneva', clock)).toBeUndefined();
      expect(await post('/meetings/geneva/confirm')).toMatchObject({ revision: 3 });
      expect(announced?.revision).toBe(0);
    });
  });

  it('ids are never used again', async () => {
    await post('/meetings', meeting);
    await post('/meetings/geneva/withdraw', { reason: 'entered in error' });
    await expect(post('/meetings', meeting)).rejects.toEqual(failure('id-taken'));
  });

  it('a source must be there and be seen', async () => {
    const { id: _, ...anonymous } = report;
    const hidden = await post(
      '/announcements',
      { ...anonymous, classification: 'confidential' },
      { actor: admin },
    );
    for (const id of ['nothing', hidden.id]) {
      await expect(post('/meetings', { ...meeting, basedOn: [id] })).rejects.toEqual(
        rejected('unknown-announcement'),
      );
    }
    expect(
      await post('/meetings', { ...meeting, basedOn: [hidden.id] }, { actor: admin }),
    ).toMatchObject({ revision: 0 });
  });

  it('a list that an editor replaces keeps what names meetings that they do not see', async () => {
    const secret = { title: 'Secret', form: 'session', classification: 'confidential' };
    const { id } = await post('/meetings', secret, { actor: admin });
    const claims = [{ id: 'c', meeting: id, field: 'title', value: 'Secret' }];
    await post('/announcements', { ...report, about: [id], claims }, { actor: admin });
    await post('/announcements', { ...report, id: 'plain' });
    const reason = 'misread';
    for (const report of ['tass', 'plain']) {
      for (const lists of [{ claims: [] }, { about: [] }]) {
        await expect(
          post(`/announcements/${report}/correct`, { ...lists, reason }),
        ).rejects.toEqual(rejected('nothing-changes'));
      }
    }
    const mine = { id: 'c', meeting: 'geneva', field: 'title', value: 'Session' };
    await post('/meetings', meeting);
    await post('/announcements/tass/correct', { claims: [mine], reason });
    expect((await events('announcement-tass')).at(-1)?.data).toMatchObject({
      claims: [{ ...claims[0], id: 'c-2' }, mine],
    });
  });

  it('a claim on a meeting that is missing stays, unless who sees all sends it anew', async () => {
    const claim = { id: 'c', meeting: 'genova', field: 'title', value: 'Session' };
    const other = { ...claim, id: 'd', meeting: 'not-yet' };
    await post('/announcements', { ...report, about: ['genova'], claims: [claim, other] });
    const last = async () => (await events('announcement-tass')).at(-1)?.data;
    const reason = 'misread';
    const mine = { ...claim, id: 'e', meeting: 'geneva' };
    await post('/announcements/tass/correct', { claims: [mine], reason }, { actor: admin });
    expect(await last()).toMatchObject({ claims: [claim, other, mine] });
    const moved = { ...claim, meeting: 'geneva' };
    const lists = { claims: [moved], about: ['geneva'] };
    await post('/announcements/tass/correct', { ...lists, reason }, { actor: admin });
    expect(await last()).toMatchObject({ about: ['geneva'], claims: [moved, other, mine] });
  });

  it('what is merged into must be there, be seen and stay', async () => {
    await post('/meetings', meeting);
    await post('/meetings', { ...meeting, id: 'other' });
    const into = (id: string, from = 'geneva') => post(`/meetings/${from}/merge`, { into: id });
    for (const id of ['nothing', await secret()]) {
      await expect(into(id)).rejects.toEqual(rejected('unknown-meeting'));
    }
    await expect(into('geneva')).rejects.toEqual(rejected('merge-into-itself'));
    await into('other');
    await expect(into('geneva', 'other')).rejects.toEqual(rejected('merge-circle'));
    await post('/meetings', { ...meeting, id: 'third' });
    await expect(into('geneva', 'third')).rejects.toEqual(rejected('merge-target-gone'));
  });

  describe('a chain of merges', () => {
    beforeEach(async () => {
      for (const id of ['geneva', 'second', 'third']) await post('/meetings', { ...meeting, id });
      await post('/meetings/third/merge', { into: 'second' });
      await post('/meetings/second/merge', { into: 'geneva' });
    });
    const closeCircle = (actor: Actor) =>
      post('/meetings/geneva/merge', { into: 'third' }, { actor });

    it('is not closed to a circle, however long it is', async () => {
      await expect(closeCircle(editor)).rejects.toEqual(rejected('merge-circle'));
    });

    it('is followed no further than the actor sees', async () => {
      await post('/meetings/second/restore', { reason: 'x' });
      await post(
        '/meetings/second/reclassify',
        { classification: 'confidential' },
        { actor: admin },
      );
      await post('/meetings/second/merge', { into: 'geneva' }, { actor: admin });
      await expect(closeCircle(editor)).rejects.toEqual(rejected('merge-target-gone'));
      await expect(closeCircle(admin)).rejects.toEqual(rejected('merge-circle'));
    });
  });
});

describe('odd input', () => {
  it.each<[string, unknown, string, string]>([
    [
      'a lone surrogate',
      { ...meeting, when: { edtf: '2022-08', timezone: '\ud800' } },
      'validation-failed',
      '',
    ],
    [
      'a year before the calendar',
      { ...meeting, statedAt: '0000-01-01' },
      'validation-failed',
      '/statedAt',
    ],
    [
      'an instant before the calendar',
      { ...meeting, embargoUntil: '0000-01-01T00:00:00Z' },
      'rejected',
      'embargo-passed',
    ],
    [
      'a year after the calendar',
      { ...meeting, when: { edtf: '9999' } },
      'validation-failed',
      '/when/edtf',
    ],
    [
      'a zone that does not exist',
      { ...meeting, place: { name: 'x', timezone: 'Europe/Geneva' } },
      'validation-failed',
      '/place/timezone',
    ],
    ['a number for a body', 5, 'validation-failed', ''],
  ])('%s is refused as such', async (_, body, code, what) => {
    const error: unknown = await post('/meetings', body).catch((e: unknown) => e);
    expect(error).toEqual(
      code === 'rejected'
        ? rejected(what)
        : failure(code, { errors: [expect.objectContaining({ path: what })] }),
    );
  });

  it('an event type of a newer writer is skipped, and its revision counted', async () => {
    await post('/meetings', meeting);
    const [first] = await events();
    if (first === undefined) throw new Error('nothing was written');
    const { meta } = first;
    const id = releaseId('meeting-geneva', 'newer');
    await store.append('meeting-geneva', [{ id, type: 'MeetingSerenaded', data: {}, meta }], 0);
    expect(await post('/meetings/geneva/confirm')).toMatchObject({ revision: 2 });
  });
});
