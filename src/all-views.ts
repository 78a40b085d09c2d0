import { access } from '../projections/access.ts';
import { calendar } from '../projections/calendar.ts';
import type { Projection } from '../projections/projection.ts';
import { ACCESS_DEFINITION } from './access-definition.ts';
import { CALENDAR_DEFINITION } from './calendar-definition.ts';

export interface ViewKind {
  readonly projection: Projection;
  readonly definition: string;
}

/** Every view of this program with its definition, in the order in which they are built. */
export const ALL_VIEWS: readonly ViewKind[] = [
  { projection: access, definition: ACCESS_DEFINITION },
  { projection: calendar, definition: CALENDAR_DEFINITION },
];

/** @throws {Error} there is no such view */
export function viewNamed(name: string): ViewKind {
  const found = ALL_VIEWS.find(({ projection }) => projection.name === name);
  if (found === undefined) throw new Error(`there is no view ${name}`);
  return found;
}
