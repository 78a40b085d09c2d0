import { calendar } from '../projections/calendar.ts';
import { LUXON_VERSION } from './domain/date/index.ts';
import { definitionOf } from './views/definition.ts';

/** The definition of the calendar's view in this process: see definitionOf. */
export const CALENDAR_DEFINITION = definitionOf(calendar, {
  luxon: LUXON_VERSION,
  tz: process.versions.tz ?? 'unknown',
});
