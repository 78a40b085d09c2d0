import type { Statements } from './statements.ts';
import type { Facet, Reader } from './types.ts';
import { visibleTo } from './where.ts';

/** The values that filters take, with the number of meetings the reader would get for each. */

function listed(statements: Statements, reader: Reader, select: string, group: string): Facet[] {
  const where = visibleTo(reader).add("status NOT IN ('merged', 'withdrawn')");
  const rows = statements
    .of(`${select} WHERE ${where.sql} GROUP BY ${group} ORDER BY value`)
    .all(...where.params);
  return rows.map((row) => ({
    value: row.value as string,
    name: row.name as string,
    count: row.count as number,
  }));
}

/**
 * A name may be spelt differently in different meetings. With max(), SQLite takes the name of that row: of the meeting
 * that this level has come to see last, whenever others came to know it.
 */
const newestFor = ({ level }: Reader): string => `max(printf('%015d', rec${level}) || id)`;

export const parties = (statements: Statements, reader: Reader): Facet[] =>
  listed(
    statements,
    reader,
    `SELECT value, name, count(*) AS count, ${newestFor(reader)} FROM
     (SELECT j.value ->> 0 AS value, j.value ->> 1 AS name, m.* FROM meetings m, json_each(m.parties) j)`,
    'value',
  );

export const topics = (statements: Statements, reader: Reader): Facet[] =>
  listed(
    statements,
    reader,
    // A meeting may have a topic twice.
    `SELECT value, value AS name, count(DISTINCT n) AS count FROM
     (SELECT j.value AS value, m.* FROM meetings m, json_each(m.topics) j)`,
    'value',
  );

export const tracks = (statements: Statements, reader: Reader): Facet[] =>
  listed(
    statements,
    reader,
    'SELECT track AS value, track AS name, count(*) AS count FROM (SELECT * FROM meetings WHERE track IS NOT NULL)',
    'track',
  );

/** `value` is what the `place` filter takes: the folded name. */
export const places = (statements: Statements, reader: Reader): Facet[] =>
  listed(
    statements,
    reader,
    `SELECT place AS value, place_name AS name, count(*) AS count, ${newestFor(reader)}
     FROM (SELECT * FROM meetings WHERE place IS NOT NULL)`,
    'place',
  );
