import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AnnouncementView, ChangeView, MeetingView } from '../../projections/types.ts';
import { call, openServer, ROOT, type Server, temporaryFolder } from '../support/program.ts';

const TEHRAN = 'examples/tehran-2021-11.json';
const COMMITTEE = 'examples/constitutional-committee.json';
const folders: ReturnType<typeof temporaryFolder>[] = [];
afterAll(() => {
  for (const folder of folders) folder.remove();
});

function dataDir(): string {
  const folder = temporaryFolder('dossiers-');
  folders.push(folder);
  return folder.path;
}

describe('either dossier alone, and both in either order, go in without a refusal', () => {
  test.each([[[TEHRAN]], [[COMMITTEE]], [[TEHRAN, COMMITTEE]], [[COMMITTEE, TEHRAN]]])(
    '%j',
    async (files) => {
      const env = { DATA_DIR: dataDir() };
      for (const file of files) {
        const { code, stdout, stderr } = await call(['import', file], { env });
        expect(stderr).toBe('');
        expect(stdout).toContain(' 0 refused');
        expect(code).toBe(0);
      }
    },
  );
});

test('lines that both files have are the same, key and body', () => {
  const read = (file: string) =>
    JSON.parse(readFileSync(join(ROOT, file), 'utf8')) as { key: string }[];
  const byKey = new Map(read(TEHRAN).map((line) => [line.key, line]));
  const shared = read(COMMITTEE).filter((line) => byKey.has(line.key));
  expect(shared.length).toBeGreaterThan(0);
  for (const line of shared) expect(line).toEqual(byKey.get(line.key));
});

describe('how the sessions of the committee slipped', () => {
  let server: Server;
  beforeAll(async () => {
    const env = { DATA_DIR: dataDir() };
    for (const file of [TEHRAN, COMMITTEE]) await call(['import', file], { env });
    server = await openServer(env);
  });
  afterAll(() => server.stop());

  const get = async <T>(path: string): Promise<T> =>
    (await (await fetch(`${server.url}${path}`)).json()) as T;
  const meeting = (id: string) => get<MeetingView>(`/meetings/${id}`);
  const sentences = async (id: string) =>
    (await get<{ items: ChangeView[] }>(`/meetings/${id}/history`)).items.map((item) => [
      item.statedAt,
      item.sentence,
    ]);

  test.each([
    ['scc-session-7', '2021-12-20', '22 November 2021', 'proposed'],
    ['scc-session-7', '2021-12-31', 'January 2022', 'proposed'],
    ['scc-session-7', '2022-03-01', 'between 20 and 26 March 2022', 'proposed'],
    ['scc-session-9', '2022-07-31', undefined, 'postponed'],
  ])('%s as sources had it by %s', async (id, day, display, status) => {
    const told = await meeting(`${id}?statedAsOf=${day}`);
    expect(told.when?.display).toBe(display);
    expect(told.status).toBe(status);
    const { items } = await get<{ items: MeetingView[] }>(`/meetings?statedAsOf=${day}`);
    expect(items.find((item) => item.id === id)).toMatchObject({ status, when: told.when });
  });

  test('by what had been recorded, none of it was known before the import', async () => {
    expect((await fetch(`${server.url}/meetings/scc-session-7?asOf=2021-12-31`)).status).toBe(404);
    const list = await get('/schedule/upcoming?asOf=2021-12-31');
    expect(list).toEqual({ items: [], next: null });
  });

  test('the track is the first of those that slipped', async () => {
    const { items } = await get<{ items: object[] }>('/slips?by=track');
    expect(items[0]).toMatchObject({ track: 'syrian-constitutional-committee' });
  });

  test('session 7 moved three times and was held on 21–25 March 2022', async () => {
    const seven = await meeting('scc-session-7');
    expect(seven).toMatchObject({
      status: 'held',
      when: { edtf: '2022-03-21/2022-03-25', precision: 'days', display: '21–25 March 2022' },
    });
    expect(seven.previousDates.map(({ when }) => when.display)).toEqual([
      '22 November 2021',
      'January 2022',
      'between 20 and 26 March 2022',
    ]);
    expect(await sentences('scc-session-7')).toEqual([
      ['2021-10-22', 'Proposed for 22 November 2021'],
      ['2021-12-21', 'Date moved from 22 November 2021 to January 2022'],
      ['2022-02-22', 'Date moved from January 2022 to between 20 and 26 March 2022'],
      ['2022-03-25', 'Held. Date set to 21–25 March 2022'],
    ]);
  });

  test('session 8 was held on 30 May–3 June 2022', async () => {
    expect(await meeting('scc-session-8')).toMatchObject({
      status: 'held',
      when: { edtf: '2022-05-30/2022-06-03' },
    });
  });

  test('session 9 was put off without a date, and later set for April 2024', async () => {
    const nine = await meeting('scc-session-9');
    expect(nine).toMatchObject({
      status: 'announced',
      when: { edtf: '2024-04', phrase: 'end of April' },
    });
    const words = (await sentences('scc-session-9')).map(([, sentence]) => sentence);
    expect(words).toContain('Postponed without a new date (was 25–29 July 2022)');
    expect(words.at(-1)).toBe('Date set to April 2024');
  });

  test('every step names its source', async () => {
    for (const id of ['scc-session-7', 'scc-session-8', 'scc-session-9']) {
      const { items } = await get<{ items: ChangeView[] }>(`/meetings/${id}/history`);
      for (const item of items) expect(item.sources?.length, item.sentence).toBeGreaterThan(0);
    }
  });

  test('the slips are in the changes, with the dates before and after', async () => {
    const { items } = await get<{ items: ChangeView[] }>(
      '/changes?meeting=scc-session-7&limit=500',
    );
    const moved = items.filter((item) => item.type === 'rescheduled');
    expect(
      moved.map(({ diffs }) => {
        const date = diffs?.find(({ field }) => field === 'when');
        return [
          (date?.from as MeetingView['when'])?.display,
          (date?.to as MeetingView['when'])?.display,
        ];
      }),
    ).toEqual([
      ['22 November 2021', 'January 2022'],
      ['January 2022', 'between 20 and 26 March 2022'],
    ]);
  });

  test('nobody reported on the August meeting again: it is announced, and past', async () => {
    const past = await get<{ items: MeetingView[] }>('/schedule/past?limit=500');
    const august = past.items.find(({ id }) => id === 'scc-geneva-2022-08');
    expect(august).toMatchObject({ status: 'announced', when: { edtf: '2022-08' } });
  });

  test('the other date for the President’s reception stands beside ours, as a claim that differs', async () => {
    const { items } = await get<{ items: AnnouncementView[] }>(
      '/announcements?meeting=assad-russian-delegation-2021-11-17&limit=500',
    );
    const claims = items
      .flatMap((announcement) => announcement.claims)
      .filter(
        (claim) =>
          claim.meeting === 'assad-russian-delegation-2021-11-17' && claim.field === 'when',
      );
    expect(claims.map(({ agreement }) => agreement)).toContain('differs');
  });
});
