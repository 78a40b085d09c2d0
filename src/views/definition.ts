import type { Projection } from '../../projections/projection.ts';
import { LEDGER_VERSION } from './ledger.ts';

/**
 * What a view's file depends on beside the log: the projection's own number, that of the engine's tables, and the
 * versions of what it computes with (zone rules, the library that reads them). A view of another definition is built
 * anew.
 * @param versions name → version, such as `{ luxon: '3.7.2', tz: '2026a' }`
 */
export function definitionOf(
  projection: Projection,
  versions: Readonly<Record<string, string>>,
): string {
  const parts = Object.entries({ ...versions, engine: `${LEDGER_VERSION}` })
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, version]) => `${name} ${version}`);
  return [`${projection.name} ${projection.definition}`, ...parts].join(', ');
}
