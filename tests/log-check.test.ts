import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { faultsOf } from '../src/log-check.ts';
import { type Bench, openBench, rawEvent } from './views/support.ts';

/** A log in which bytes were turned, so that the file is still a database and each event still JSON. */

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
  await bench.announce('first', { when: { edtf: '2022-08' } });
  await bench.announce('second');
});
afterEach(() => bench.close());

async function faults(): Promise<string[]> {
  const found = await Array.fromAsync(faultsOf(bench.store, new AbortController().signal));
  return found.map(({ event, reason }) => `${event.position} ${event.stream}: ${reason}`);
}

/** The event's column with one text in the place of another. */
function turn(position: number, column: 'data' | 'meta', from: string, to: string): void {
  const db = new DatabaseSync(join(bench.folder, 'events.db'));
  const sql = `UPDATE events SET ${column} = replace(${column}, ?, ?) WHERE position = ?`;
  db.prepare(sql).run(from, to, position);
  db.close();
}

describe('an event', () => {
  it('is none that was written', async () => {
    await bench.command('/meetings/first/confirm', {});
    await bench.store.append('meeting-new', [rawEvent('MeetingSerenaded', { by: 1 })], 'none');
    expect(await faults()).toEqual([]);
  });

  it('stays as it was written before there was a rule against it', async () => {
    const report = {
      ...{ title: 'Report', kind: 'report', outlet: 'Press service', language: 'en' },
      ...{ url: 'https://mfa.example.org/press release.pdf', classification: 'public' },
      ...{ speakers: [], topics: [], about: [], claims: [] },
      publishedAt: { value: '2021-11-21', basis: 'stated' },
    };
    const place = { online: 'https://mfa.example.org/the room' };
    await bench.store.append('announcement-a', [rawEvent('AnnouncementPublished', report)], 'none');
    await bench.store.append('meeting-first', [rawEvent('MeetingRelocated', { place })], 0);
    expect(await faults()).toEqual([]);
    turn(3, 'data', 'https:', 'files:');
    turn(4, 'data', 'https:', 'files:');
    expect(await faults()).toHaveLength(2);
  });

  it.each([
    ['a name of a field', 1, 'data', '"title"', '"titlf"', '1 meeting-first: data: '],
    ['a word of a list', 2, 'data', 'session', 'sessiom', '2 meeting-second: data.form: '],
    ['its classification', 1, 'data', 'public', 'publib', '1 meeting-first: data.classification: '],
    ['its meta', 2, 'meta', '"actor"', '"actos"', '2 meeting-second: meta.actor: '],
    [
      'its version',
      2,
      'meta',
      '"schema":1',
      '"schema":9',
      '2 meeting-second: MeetingAnnounced has',
    ],
  ] as const)(
    'shows that %s was turned, and where',
    async (_, position, column, from, to, told) => {
      turn(position, column, from, to);
      const found = await faults();
      expect(found).toHaveLength(1);
      expect(found[0]?.slice(0, told.length)).toBe(told);
    },
  );
});
