import type { When } from '../../../events/values.ts';
import type { Body, World } from './world.ts';

/** Dates of every kind, some of which touch, contain or equal each other, in zones far apart. */
export const DATES: readonly (When | undefined)[] = [
  { edtf: '2021-11-20' },
  { edtf: '2021-11-21', timezone: 'Pacific/Kiritimati' },
  { edtf: '2021-11-21', timezone: 'Pacific/Pago_Pago' },
  { edtf: '2021-11-21?' },
  { edtf: '2021-11-22' },
  { edtf: '2021-11-23' },
  { edtf: '2021-11-24', timezone: 'Asia/Tehran' },
  { edtf: '2021-11-21/2021-11-23' },
  { edtf: '2021-11-22/2021-11-25', extent: 'within' },
  { edtf: '2021-11' },
  { edtf: '2021-11~', timezone: 'Asia/Damascus' },
  { edtf: '2021-12' },
  { edtf: '2021-11/2021-12' },
  { edtf: '2021-11-23/2021-12' },
  { edtf: '2021-36' },
  { edtf: '2021-24' },
  { edtf: '2021-41' },
  { edtf: '2021%' },
  { edtf: '../2021-11-21' },
  { edtf: '../2021-11-23', timezone: 'Europe/Zurich' },
  { edtf: '../2021' },
  { edtf: '2021-11-21/..' },
  { edtf: '2021-12/..' },
  { start: '2021-11-21T23:30', end: '2021-11-22T00:30', timezone: 'Europe/Zurich' },
  { start: '2021-11-22T10:00', end: '2021-11-22T12:00', timezone: 'Europe/Zurich' },
  { start: '2021-11-22T10:00', timezone: 'Europe/Zurich' },
  { start: '2021-11-22T00:00', end: '2021-11-23T00:00', timezone: 'UTC' },
  { start: '2021-11-23T09:00', end: '2021-11-23T09:01', timezone: 'America/Sao_Paulo' },
  // The island skipped this day (tz database, Pacific/Apia).
  { edtf: '2011-12-30', timezone: 'Pacific/Apia' },
  undefined,
  undefined,
];

/** A meeting for each of them, `d0` on, and one of each status that hides or takes the date. */
export async function announcePool(world: World, facts: Body = {}): Promise<void> {
  for (const [index, when] of DATES.entries())
    await world.announce(`d${index}`, { when, ...facts });
  for (const status of ['postponed', 'cancelled', 'held', 'not-held', 'withdrawn', 'merged']) {
    await world.announce(status, { when: { edtf: '2021-11-21' }, ...facts });
  }
  await world.postpone('postponed');
  await world.cancel('cancelled');
  await world.hold('held');
  await world.at('2021-11-22T12:00:00Z').notHeld('not-held');
  await world.withdraw('withdrawn');
  await world.merge('merged', 'held');
}
