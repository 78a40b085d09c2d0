import { access } from '../projections/access.ts';
import { calendar } from '../projections/calendar.ts';
import type { Projection } from '../projections/projection.ts';
import { ACCESS_DEFINITION } from './access-definition.ts';
import { CALENDAR_DEFINITION } from './calendar-definition.ts';

/** Every view of this program with its definition, in the order in which they are built. */
export const ALL_VIEWS: readonly {
  readonly projection: Projection;
  readonly definition: string;
}[] = [
  { projection: access, definition: ACCESS_DEFINITION },
  { projection: calendar, definition: CALENDAR_DEFINITION },
];
