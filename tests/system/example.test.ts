import ICAL from 'ical.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MeetingView } from '../../projections/types.ts';
import { type Server, startServer, temporaryFolder } from '../support/program.ts';

/** What somebody sees who has just run `npm start`. */

const folder = temporaryFolder('example-');
let server: Server;
beforeAll(async () => {
  server = await startServer({ DATA_DIR: folder.path }, ['--example']);
});
afterAll(async () => {
  await server.stop();
  folder.remove();
});

const get = (path: string) => fetch(`${server.url}${path}`);
const items = async (path: string): Promise<MeetingView[]> =>
  ((await (await get(path)).json()) as { items: MeetingView[] }).items;

async function entries(): Promise<ICAL.Event[]> {
  const text = await (await get('/calendar.ics')).text();
  const calendar = new ICAL.Component(ICAL.parse(text));
  return calendar.getAllSubcomponents('vevent').map((event) => new ICAL.Event(event));
}

const uidOf = async (title: string): Promise<ICAL.Event> => {
  const found = (await entries()).filter((event) => event.summary.includes(title));
  expect(found).toHaveLength(1);
  return found[0] as ICAL.Event;
};

function post(path: string, body: object, headers: Record<string, string> = {}) {
  return fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${server.token}`,
      'content-type': 'application/json',
      ...headers,
    },
    body: JSON.stringify(body),
  });
}

describe('the example', () => {
  test('shows the Geneva meeting as a month, with no start, and its source', async () => {
    const [geneva] = await items('/schedule/upcoming');
    expect(geneva).toMatchObject({
      id: 'scc-geneva-2022-08',
      status: 'announced',
      likelihood: 'may-occur',
      when: { edtf: '2022-08', precision: 'month', display: 'August 2022' },
      sources: [expect.objectContaining({ outlet: 'Tehran Times' })],
    });
    expect(JSON.stringify(geneva)).not.toMatch(/"(startsAt|start|date)":/);
  });

  test('shows the Tehran talks of 21 November in the past, with two heads of delegation', async () => {
    const talks = (await items('/schedule/past')).find((m) => m.id === 'tehran-talks-2021-11-21');
    expect(talks?.when).toMatchObject({ edtf: '2021-11-21', precision: 'day' });
    const heads = talks?.participants.filter((p) => p.role === 'head').map((p) => p.name);
    expect(heads).toEqual(['Alexander Lavrentiev', 'Sergey Vershinin']);
  });

  test('has one tentative all-day entry for August 2022 that is to be confirmed', async () => {
    const geneva = await uidOf('Syrian Constitutional Committee');
    expect(geneva.startDate.toString()).toBe('2022-08-01');
    expect(geneva.endDate.toString()).toBe('2022-09-01');
    expect(geneva.startDate.isDate).toBe(true);
    expect(geneva.component.getFirstPropertyValue('status')).toBe('TENTATIVE');
    expect(geneva.summary).toContain('date TBC');
  });

  test('says which day it is there', async () => {
    const response = await get('/schedule/upcoming');
    expect(response.headers.get('chancery-clock')).toMatch(/^2021-11-22T08:/);
    expect(await (await get('/')).text()).toContain('This is the example');
    expect(server.output().stderr).toContain('This is the example');
  });

  test('shows its admin token on the terminal and not in the log', () => {
    expect(server.token).toMatch(/^chancery_[\w-]{43}$/);
    expect(server.output().stdout).not.toContain(server.token);
  });
});

describe('a public meeting that somebody announces', () => {
  const body = {
    id: 'contact-group',
    title: 'Contact group meets',
    form: 'multilateral',
    when: { start: '2022-03-21T10:00', end: '2022-03-21T12:00', timezone: 'Europe/Zurich' },
    place: { name: 'Geneva', country: 'CH' },
    classification: 'public',
  };
  const key = { 'idempotency-key': 'contact-group' };

  test('is there at the next read, in REST and in the feed', async () => {
    const response = await post('/meetings', body, key);
    expect(response.status).toBe(201);
    expect((await items('/schedule/upcoming')).map((m) => m.id)).toContain('contact-group');
    const entry = await uidOf('Contact group meets');
    expect(entry.startDate.toJSDate().toISOString()).toBe('2022-03-21T09:00:00.000Z');
  });

  test('is written once, however often it is sent with one key', async () => {
    const first = await post('/meetings', body, key);
    const events = async () =>
      (
        await (
          await fetch(`${server.url}/events`, {
            headers: { authorization: `Bearer ${server.token}` },
          })
        ).text()
      ).split('\n').length;
    const before = await events();
    const again = await post('/meetings', body, key);
    expect(again.status).toBe(201);
    expect(again.headers.get('chancery-event')).toBe(first.headers.get('chancery-event'));
    expect(await events()).toBe(before);
  });

  test('keeps its UID and rises in SEQUENCE when its date moves', async () => {
    const before = await uidOf('Contact group meets');
    const moved = await post('/meetings/contact-group/reschedule', {
      when: { edtf: '2022-05' },
      reason: 'Rooms are taken',
    });
    expect(moved.status).toBe(200);
    const after = await uidOf('Contact group meets');
    expect(after.uid).toBe(before.uid);
    expect(after.sequence).toBeGreaterThan(before.sequence);
    expect(after.description).toContain('21 March 2022');
  });

  test('refuses a change made on an older state', async () => {
    const seen = await fetch(`${server.url}/meetings/contact-group`, {
      headers: { authorization: `Bearer ${server.token}` },
    });
    const etag = seen.headers.get('etag') ?? '';
    const change = (likelihood: string) =>
      post('/meetings/contact-group/revise', { likelihood }, { 'if-match': etag });
    expect((await change('certain')).status).toBe(200);
    const stale = await change('may-occur');
    expect(stale.status).toBe(412);
    expect(await stale.json()).toMatchObject({ code: 'revision-conflict', expected: 1, actual: 2 });
  });
});
