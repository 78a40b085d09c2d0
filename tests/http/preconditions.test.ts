import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { openWorld, type World } from './support/world.ts';
import { must } from './support/writes.ts';

/** Writes that are sent again (Idempotency-Key), and those that depend on what was read (If-Match). */

const world = await openWorld();
afterAll(() => world.close());

const talks = { title: 'Talks', form: 'visit' };
must(201, await world.post('/meetings', { ...talks, id: 'one' }));
must(201, await world.post('/meetings', { ...talks, id: 'two' }));

const eventOf = async (...args: Parameters<World['post']>) =>
  must(200, await world.post(...args)).headers.get('chancery-event');

describe('a repeated request', () => {
  test('without an id of its own is told the id of the first time', async () => {
    const key = { 'idempotency-key': 'anonymous' };
    const first = must(201, await world.post('/meetings', talks, key));
    const again = must(201, await world.post('/meetings', talks, key));
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
  });

  test('shows the entry as it now is, and the event of the first time', async () => {
    const key = { 'idempotency-key': 'early' };
    const revise = () => world.post('/meetings/one/revise', { topics: ['astana'] }, key);
    const first = must(200, await revise());
    must(200, await world.post('/meetings/one/revise', { title: 'Later talks' }));
    const again = must(200, await revise());
    expect(again.headers.get('chancery-event')).toBe(first.headers.get('chancery-event'));
    expect(again.json()).toMatchObject({ title: 'Later talks', revision: 2 });
  });

  test('counts as the same whatever the order of its fields', async () => {
    const key = { 'idempotency-key': 'order' };
    const body = { id: 'ordered', ...talks };
    const reversed = Object.fromEntries(Object.entries(body).reverse());
    const first = must(201, await world.post('/meetings', body, key));
    const again = must(201, await world.post('/meetings', reversed, key));
    expect(again.headers.get('chancery-event')).toBe(first.headers.get('chancery-event'));
  });

  test('is told of its success before its If-Match is looked at', async () => {
    const key = { 'idempotency-key': 'matched', 'if-match': '"r0-first"' };
    must(201, await world.post('/meetings', { ...talks, id: 'matched' }));
    const confirm = () => world.post('/meetings/matched/confirm', {}, key);
    const first = must(200, await confirm());
    const again = must(200, await confirm());
    expect(again.headers.get('chancery-event')).toBe(first.headers.get('chancery-event'));
  });

  test('with another body is refused, and nothing is written', async () => {
    const key = { 'idempotency-key': 'reused' };
    must(200, await world.post('/meetings/one/relocate', { place: { country: 'CH' } }, key));
    const head = await world.head();
    const got = await world.post('/meetings/one/relocate', { place: { country: 'AT' } }, key);
    expect(got.json()).toMatchObject({ status: 409, code: 'rejected', rule: 'key-reused' });
    expect(await world.head()).toBe(head);
  });

  test('as another action with the same body is refused', async () => {
    const key = { 'idempotency-key': 'action' };
    must(200, await world.post('/meetings/two/postpone', {}, key));
    const got = await world.post('/meetings/two/reinstate', {}, key);
    expect(got.json()).toMatchObject({ rule: 'key-reused' });
  });

  test('after a refusal is judged anew', async () => {
    const key = { 'idempotency-key': 'refused' };
    must(201, await world.post('/meetings', { ...talks, id: 'again' }));
    const restore = () => world.post('/meetings/again/restore', { reason: 'not a duplicate' }, key);
    must(409, await restore());
    must(200, await world.post('/meetings/again/withdraw', { reason: 'entered twice' }));
    must(200, await restore());
  });
});

describe('a key belongs to', () => {
  test('one target: elsewhere it is another request', async () => {
    const key = { 'idempotency-key': 'target' };
    must(201, await world.post('/meetings', { ...talks, id: 'left' }));
    must(201, await world.post('/meetings', { ...talks, id: 'right' }));
    const events = await Promise.all(
      ['left', 'right'].map((id) => eventOf(`/meetings/${id}/cancel`, {}, key)),
    );
    expect(new Set(events).size).toBe(2);
  });

  test('one chosen id: with another it makes another entry', async () => {
    const key = { 'idempotency-key': 'chosen' };
    const first = must(201, await world.post('/meetings', { ...talks, id: 'chosen-1' }, key));
    const other = must(201, await world.post('/meetings', { ...talks, id: 'chosen-2' }, key));
    expect(first.headers.get('location')).not.toBe(other.headers.get('location'));
  });

  test('one actor: another one is not told what was done', async () => {
    const key = { 'idempotency-key': 'actor' };
    const first = must(201, await world.post('/meetings', talks, key, 'editor'));
    const other = must(201, await world.post('/meetings', talks, key, 'insider'));
    expect(first.headers.get('location')).not.toBe(other.headers.get('location'));
  });
});

describe('a key of', () => {
  test.each([1, 200])('%i characters is taken', async (length) => {
    const key = { 'idempotency-key': 'k'.repeat(length) };
    must(201, await world.post('/meetings', talks, key));
  });

  test.each([0, 201])('%i characters is refused', async (length) => {
    const head = await world.head();
    const got = await world.post('/meetings', talks, { 'idempotency-key': 'k'.repeat(length) });
    expect(got.json()).toMatchObject({ status: 400, errors: [{ path: 'Idempotency-Key' }] });
    expect(await world.head()).toBe(head);
  });
});

let entries = 0;
/** Path of an entry at revision 1. */
let entry = '';

describe('If-Match', () => {
  beforeEach(async () => {
    entries += 1;
    entry = `/meetings/entry-${entries}`;
    const body = { id: `entry-${entries}`, ...talks, classification: 'public' };
    must(201, await world.post('/meetings', body));
    must(200, await world.post(`${entry}/revise`, { topics: ['astana'] }));
  });

  const cancel = (field: string | readonly string[]) =>
    world.post(`${entry}/cancel`, {}, { 'if-match': field });

  const tagOf = async (as?: 'editor') => (await world.get(entry, as)).headers.get('etag') ?? '';

  describe('lets through', () => {
    test('the ETag that an editor read', async () => {
      expect((await cancel(await tagOf('editor'))).status).toBe(200);
    });

    test('the revision, whatever the bytes were', async () => {
      expect((await cancel('"r1-other"')).status).toBe(200);
    });

    test.each([
      ['any', '*'],
      ['one of several', '"r0-a", "r1-b"'],
      ['one of several in two fields', ['"r7-a"', '"r1-b"']],
      ['one among foreign and weak ones', '"foreign", W/"r0-a", "r1-b"'],
      ['one after empty elements', ', ,"r1-b",'],
    ])('%s: %s', async (_, field) => {
      expect((await cancel(field)).status).toBe(200);
    });
  });

  describe('refuses with 412', () => {
    test('a revision that has passed, and says which it is', async () => {
      const head = await world.head();
      expect((await cancel('"r0-a"')).json()).toMatchObject({
        status: 412,
        code: 'revision-conflict',
        expected: 0,
        actual: 1,
      });
      expect(await world.head()).toBe(head);
    });

    test.each([
      ['a weak tag, even of the right revision', 'W/"r1-a"'],
      ['a foreign tag', '"foreign"'],
      ['a revision of too many digits', '"r1111111111111111-a"'],
    ])('%s: %s', async (_, field) => {
      expect((await cancel(field)).json()).toMatchObject({
        status: 412,
        expected: null,
        actual: 1,
      });
    });

    test('a weak tag says what made it so, and what to send', async () => {
      const { detail } = (await cancel('W/"r1-a"')).json<{ detail: string }>();
      expect(detail).toMatch(/weak.*compressing.*without W\//);
      const foreign = (await cancel('"foreign", W/"r1-a"')).json<{ detail: string }>();
      expect(foreign.detail).toMatch(/names no revision.*with this token/);
      expect((await cancel('"r9-a"')).json<{ detail: string }>().detail).toContain('has changed');
    });

    test('the tag that somebody without the right to write read', async () => {
      expect((await cancel(await tagOf())).status).toBe(412);
    });

    test('all of several', async () => {
      expect((await cancel('"r0-a", "r2-b"')).json()).toMatchObject({ status: 412, actual: 1 });
    });

    test('a revision of an entry that is still to be made', async () => {
      const body = { id: `new-${entries}`, title: 'Talks', form: 'visit' };
      const got = await world.post('/meetings', body, { 'if-match': '"r0-a"' });
      expect(got.json()).toMatchObject({ status: 412, expected: 0, actual: null });
    });
  });

  test.each(['r1', '1', '"r1-a', '"a" "b"', '"a", *', '""x', 'W/', ','])(
    'that is no list of tags is 400: %s',
    async (field) => {
      const head = await world.head();
      const got = await cancel(field);
      expect(got.json()).toMatchObject({ status: 400, errors: [{ path: 'If-Match' }] });
      expect(await world.head()).toBe(head);
    },
  );

  test('of two writers with one tag, one is refused', async () => {
    const tag = await tagOf('editor');
    const both = await Promise.all(
      ['A', 'B'].map((title) => world.post(`${entry}/revise`, { title }, { 'if-match': tag })),
    );
    expect(both.map(({ status }) => status).sort()).toEqual([200, 412]);
  });

  test('without If-Match both of two writers are heard', async () => {
    const both = await Promise.all(
      ['A', 'B'].map((title) => world.post(`${entry}/revise`, { title })),
    );
    expect(both.map(({ status }) => status)).toEqual([200, 200]);
  });
});

describe('If-Match on what has no revision', () => {
  const stale = { 'if-match': '"as-it-was"' };
  const feed = { id: 'kept', name: 'Kept' };

  test('is refused, and nothing is done', async () => {
    must(201, await world.post('/feeds', feed));
    for (const [method, path, body] of [
      ['PUT', '/feeds/kept', { name: 'Overwritten' }],
      ['DELETE', '/feeds/kept', undefined],
      ['POST', '/feeds', { id: 'other', name: 'Other' }],
      ['POST', '/tokens', { name: 'other', role: 'reader' }],
    ] as const) {
      const given = body === undefined ? {} : { body };
      const got = must(
        400,
        await world.ask(path, { method, as: 'admin', headers: stale, ...given }),
      );
      expect(got.json()).toMatchObject({ errors: [{ path: 'If-Match' }] });
    }
    expect((await world.get('/feeds/kept', 'admin')).json()).toMatchObject({ name: 'Kept' });
    expect((await world.get('/feeds/other', 'admin')).status).toBe(404);
  });

  test('but for any state at all, which is what there is', async () => {
    const any = { 'if-match': '*' };
    const change = {
      method: 'PUT',
      as: 'editor',
      headers: any,
      body: { name: 'Changed' },
    } as const;
    must(200, await world.ask('/feeds/kept', change));
  });
});
