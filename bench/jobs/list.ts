import { createHash } from 'node:crypto';
import { calendarQueries } from '../../projections/calendar-queries.ts';
import type { CalendarQueries } from '../../projections/types.ts';
import type { ViewDatabase } from '../../projections/view-database.ts';
import { openAccess } from '../../src/access.ts';
import { callerOf } from '../../src/http/auth.ts';
import { confidentialIn } from '../../src/http/confidential.ts';
import { releaseId } from '../../src/ids.ts';
import { type Folder, openCalendar } from '../calendar-view.ts';
import { answer } from './answer.ts';

/** A page of the upcoming schedule as the server composes it, without HTTP: with and without checks of access. */

interface Opened {
  readonly checked: CalendarQueries;
  readonly unchecked: CalendarQueries;
  readonly nowMs: number;
}

let opened: Opened;

const TOKEN = 'only-for-the-benchmark-0123456789abcdef';
/** Who sees everything, so that both pages are the same. */
const HOLDER = { actor: 'desk', role: 'editor', level: 2 } as const;
const TOKENS = 100;
const LIMIT = 50;
/** Pages of one measurement, each at another instant. */
const PAGES = 100;

const access = openAccess(
  { tokens: () => ({ valid: () => [] }), onChange: () => {}, isStale: () => false },
  new Map(
    Array.from({ length: TOKENS }, (_, n) => [n === 0 ? TOKEN : `${TOKEN}${n}`, HOLDER] as const),
  ),
  Date.now,
);

/** The same view to which every row is visible; the parameter stays, so that nothing else differs. */
const open = (db: ViewDatabase): ViewDatabase => ({
  isTransaction: db.isTransaction,
  exec: (sql) => db.exec(sql),
  prepare: (sql) => db.prepare(sql.replace(/\bvis\d <= \?/g, '? IS NOT NULL')),
});

/** @returns the digest of a page, with and without checks */
async function openViews({ folder, nowMs }: Folder) {
  const { projector } = await openCalendar({ folder, nowMs });
  const db = projector.reader();
  const [checked, unchecked] = [db, open(db)].map((each) => calendarQueries(each, releaseId));
  if (checked === undefined || unchecked === undefined) throw new Error('no queries');
  opened = { checked, unchecked, nowMs };
  const digest = (text: string) => createHash('sha256').update(text).digest('hex');
  return [digest(withChecks(nowMs)), digest(withoutChecks(nowMs))];
}

const page = (queries: CalendarQueries, level: 0 | 1 | 2, nowMs: number) =>
  queries.listMeetings({
    reader: { level, editor: true, clockMs: opened.nowMs },
    ...({ side: 'upcoming', nowMs, filters: {}, limit: LIMIT } as const),
  });

function withChecks(nowMs: number): string {
  const { level } = callerOf(access, `Bearer ${TOKEN}`);
  return JSON.stringify(page(opened.checked, level, nowMs));
}

/** With looking for what is confidential, as for everyone who may see that. */
function withReadLog(nowMs: number): string {
  const { level } = callerOf(access, `Bearer ${TOKEN}`);
  const body = page(opened.checked, level, nowMs);
  confidentialIn(body, opened.checked, { level, editor: true, clockMs: opened.nowMs });
  return JSON.stringify(body);
}

const withoutChecks = (nowMs: number): string =>
  JSON.stringify(page(opened.unchecked, HOLDER.level, nowMs));

/** Milliseconds of the processor for a page: a few parts in a hundred drown in waiting for it. */
function timed(compose: (nowMs: number) => string): number {
  const begun = process.cpuUsage();
  for (let n = 0; n < PAGES; n += 1) compose(opened.nowMs - n * 60_000);
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1_000 / PAGES;
}

const methods = {
  open: openViews,
  checked: () => timed(withChecks),
  readLog: () => timed(withReadLog),
  unchecked: () => timed(withoutChecks),
};
export type ListJob = typeof methods;

answer(methods);
