import { checkNesting } from './lint-nesting.ts';
import {
  all,
  type Component,
  type Finding,
  type Property,
  parse,
  physicalLines,
  report,
  unfold,
} from './lint-parse.ts';
import { checkOccurrences } from './lint-recurrence.ts';
import { checkCalendarValues, checkEventValues, checkZoneBlock } from './lint-values.ts';
import { unescapeText } from './text.ts';

export type { Finding } from './lint-parse.ts';

const BOM = '\ufeff';

/**
 * What is wrong with a calendar's bytes by RFC 5545 and by what real clients trip over. Parsers forgive most
 * of this and so cannot test it.
 */
export function lint(bytes: Uint8Array): Finding[] {
  const findings: Finding[] = [];
  const lines = physicalLines(bytes, findings);
  if (lines[0]?.startsWith(BOM)) report(findings, 1, 'bom', 'a byte order mark stands before it');
  const root = parse(
    unfold(lines.map((line, index) => (index === 0 ? line.replace(BOM, '') : line))),
    findings,
  );
  checkNesting(root, findings);
  const calendars = root.children.filter(({ name }) => name === 'VCALENDAR');
  for (const calendar of calendars) checkCalendar(calendar, findings);
  if (calendars.length === 0) report(findings, 1, 'calendar', 'there is no VCALENDAR');
  return findings.sort((a, b) => a.line - b.line);
}

function checkOnce(component: Component, names: readonly string[], findings: Finding[]): void {
  for (const name of names) {
    const count = all(component, name).length;
    if (count === 1) continue;
    const message = `${component.name} needs exactly one ${name}, it has ${count}`;
    report(findings, component.line, 'required', message);
  }
}

const INVITES = 'makes a feed look like an invitation';
const FORBIDDEN: Readonly<Record<string, string>> = {
  METHOD: INVITES,
  ATTENDEE: INVITES,
  ORGANIZER: INVITES,
  VALARM: 'rings at every subscriber',
};

const NAMED = ['UID', 'DTSTAMP'];

function checkCalendar(calendar: Component, findings: Finding[]): void {
  checkOnce(calendar, ['PRODID', 'VERSION'], findings);
  if (calendar.children.length === 0) {
    report(findings, calendar.line, 'empty', 'a VCALENDAR needs a component (RFC 5545 §3.6)');
  }
  const events = calendar.children.filter((child) => child.name === 'VEVENT');
  checkForbidden(calendar, findings);
  checkCalendarValues(calendar, findings);
  for (const child of calendar.children) {
    if (child.name === 'VTIMEZONE') checkZoneBlock(child, findings);
  }
  checkZones(calendar, events, findings);
  checkUids(events, findings);
  checkOccurrences(events, findings);
  // §3.6.1: what is sent about an event need not say when it is.
  const isSent = all(calendar, 'METHOD').length > 0;
  for (const event of events) {
    const isDated = !isSent || all(event, 'DTSTART').length > 0;
    checkOnce(event, isDated ? [...NAMED, 'DTSTART'] : NAMED, findings);
    checkEvent(event, findings);
  }
}

function checkForbidden(component: Component, findings: Finding[]): void {
  for (const { name, line } of [...component.properties, ...component.children]) {
    const why = FORBIDDEN[name];
    if (why !== undefined) report(findings, line, 'forbidden', `${name} ${why}`);
  }
  for (const child of component.children) checkForbidden(child, findings);
}

/** A quoted name may hold any sign but a quote (§3.2). */
function tzidOf({ params }: Property): string | undefined {
  const [, quoted, bare] = /;TZID=(?:"([^"]*)"|([^";:,]+))/i.exec(params) ?? [];
  return quoted ?? bare;
}

function checkZones(calendar: Component, events: readonly Component[], findings: Finding[]): void {
  const defined = calendar.children
    .filter((child) => child.name === 'VTIMEZONE')
    .flatMap((zone) => all(zone, 'TZID').map(({ value }) => unescapeText(value)));
  if (new Set(defined).size !== defined.length) {
    report(findings, calendar.line, 'timezone', 'two VTIMEZONE have the same TZID');
  }
  for (const property of events.flatMap((event) => event.properties)) {
    const tzid = tzidOf(property);
    if (tzid === undefined || defined.includes(tzid)) continue;
    report(findings, property.line, 'timezone', `there is no VTIMEZONE for ${tzid}`);
  }
}

function checkUids(events: readonly Component[], findings: Finding[]): void {
  const seen = new Set<string>();
  for (const event of events) {
    // A changed occurrence of a recurring event shares its UID.
    const occurrence = all(event, 'RECURRENCE-ID')[0]?.value ?? '';
    const uid = `${all(event, 'UID')[0]?.value} ${occurrence}`;
    if (seen.has(uid)) report(findings, event.line, 'uid', 'the UID stands on an earlier event');
    seen.add(uid);
  }
}

const STATUSES = new Set(['TENTATIVE', 'CONFIRMED', 'CANCELLED']);
const STAMPS = ['DTSTAMP', 'CREATED', 'LAST-MODIFIED'];

function checkEvent(event: Component, findings: Finding[]): void {
  checkValues(event, findings);
  checkEventValues(event, findings);
  const start = all(event, 'DTSTART')[0];
  const end = all(event, 'DTEND')[0];
  for (const property of [start, end]) if (property !== undefined) checkTime(property, findings);
  if (start !== undefined && end !== undefined) checkOrder(start, end, findings);
}

function checkValues(event: Component, findings: Finding[]): void {
  for (const { line, value } of all(event, 'STATUS')) {
    if (STATUSES.has(value.toUpperCase())) continue;
    report(findings, line, 'status', `STATUS cannot be ${value}`);
  }
  for (const property of STAMPS.flatMap((name) => all(event, name))) {
    if (/^\d{8}T\d{6}Z$/.test(property.value) && property.params === '') continue;
    report(findings, property.line, 'utc', `${property.name} must be in UTC, with Z`);
  }
}

const isDate = ({ params }: Property): boolean => /;VALUE=DATE(;|$)/i.test(params);

function checkTime(property: Property, findings: Finding[]): void {
  const form = isDate(property) ? /^\d{8}$/ : /^\d{8}T\d{6}Z?$/;
  if (form.test(property.value)) return;
  report(findings, property.line, 'time', `${property.name} does not have the form of its type`);
}

/** Which form of time a value has: two of one form and zone compare as text. */
const timeForm = (property: Property): string => {
  if (isDate(property)) return 'date';
  return property.value.endsWith('Z') ? 'utc' : `local ${tzidOf(property) ?? ''}`;
};

/** Zones lie 26 hours apart at most, from UTC−12 to UTC+14. */
const ZONES_MS = 26 * 3_600_000;

/** Whether a time is before another in whatever zones they are. */
const isSurelyBefore = (end: Property, start: Property): boolean =>
  wallMs(end) + ZONES_MS <= wallMs(start);

/** As if it were in UTC; NaN where the value is no time. */
const wallMs = ({ value }: Property): number =>
  Date.parse(value.replace(/^(....)(..)(..)T(..)(..)(..)Z?$/, '$1-$2-$3T$4:$5:$6Z'));

function checkOrder(start: Property, end: Property, findings: Finding[]): void {
  if (isDate(start) !== isDate(end)) {
    report(findings, end.line, 'end-type', 'DTEND must be of the type of DTSTART');
  } else if (
    timeForm(start) === timeForm(end) ? end.value <= start.value : isSurelyBefore(end, start)
  ) {
    report(findings, end.line, 'end-order', 'DTEND must be later than DTSTART');
  }
}
