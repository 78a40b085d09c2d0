import { all, type Component, type Finding, type Property, report } from './lint-parse.ts';

/** Rules about events that recur, by RFC 5545 §3.3.10 and §3.8.5. */

const FREQUENCIES = ['SECONDLY', 'MINUTELY', 'HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'];

const numbers =
  (least: number, most: number, signed = false) =>
  (value: string): boolean =>
    value
      .split(',')
      .every((each) => (signed ? /^[+-]?\d+$/ : /^\d+$/).test(each) && within(each, least, most));

const within = (text: string, least: number, most: number): boolean =>
  Math.abs(Number(text)) >= least && Math.abs(Number(text)) <= most;

const DAY = '(?:SU|MO|TU|WE|TH|FR|SA)';
const BYDAY = new RegExp(`^(?:[+-]?\\d{1,2})?${DAY}(?:,(?:[+-]?\\d{1,2})?${DAY})*$`);
const MANY = Number.MAX_SAFE_INTEGER;

/** What a part of a rule may be; RSCALE and SKIP are of RFC 7529. */
const PARTS: Readonly<Record<string, (value: string) => boolean>> = {
  FREQ: (value) => FREQUENCIES.includes(value),
  UNTIL: (value) => /^\d{8}(T\d{6}Z?)?$/.test(value),
  COUNT: numbers(1, MANY),
  INTERVAL: numbers(1, MANY),
  BYSECOND: numbers(0, 60),
  BYMINUTE: numbers(0, 59),
  BYHOUR: numbers(0, 23),
  BYDAY: (value) => BYDAY.test(value),
  BYMONTHDAY: numbers(1, 31, true),
  BYYEARDAY: numbers(1, 366, true),
  BYWEEKNO: numbers(1, 53, true),
  BYMONTH: numbers(1, 12),
  BYSETPOS: numbers(1, 366, true),
  WKST: (value) => new RegExp(`^${DAY}$`).test(value),
  RSCALE: (value) => /^[A-Z0-9-]+$/.test(value),
  SKIP: (value) => ['OMIT', 'BACKWARD', 'FORWARD'].includes(value),
};

/** Of an event, or of an observance of a time zone: UNTIL of that is always in UTC (§3.3.10). */
export function checkRecurrence(component: Component, findings: Finding[]): void {
  const [start] = all(component, 'DTSTART');
  for (const rule of all(component, 'RRULE')) {
    checkParts(rule, findings);
    checkUntil(rule, start, component.name !== 'VEVENT', findings);
  }
  for (const name of ['EXDATE', 'RDATE']) {
    for (const list of all(component, name)) checkList(list, start, findings);
  }
}

function checkParts(rule: Property, findings: Finding[]): void {
  const tell = (message: string) =>
    report(findings, rule.line, 'value', `${message} (RFC 5545 §3.3.10)`);
  const names = new Set<string>();
  for (const part of rule.value.toUpperCase().split(';')) {
    const [name = '', value = ''] = part.split('=');
    if (names.has(name)) tell(`RRULE has two ${name}`);
    names.add(name);
    // RFC 7529 §4.2: other calendars have leap months, written 5L, and a thirteenth.
    const isOther = name === 'BYMONTH' && /RSCALE=/i.test(rule.value);
    if (!isOther && PARTS[name]?.(value) !== true) tell(`RRULE cannot have ${part}`);
  }
  if (!names.has('FREQ')) tell('RRULE needs FREQ');
  if (names.has('COUNT') && names.has('UNTIL')) tell('RRULE has COUNT or UNTIL, not both');
}

/** UNTIL is of the type of DTSTART, and in UTC where that has a time in a zone (§3.3.10). */
function checkUntil(
  rule: Property,
  start: Property | undefined,
  inZone: boolean,
  findings: Finding[],
): void {
  const until = /(?:^|;)UNTIL=([^;]*)/i.exec(rule.value)?.[1];
  if (until === undefined || start === undefined) return;
  const day = /^\d{8}$/.test(start.value);
  const local = !inZone && !day && !start.value.endsWith('Z') && !/;TZID=/i.test(start.params);
  const form = day ? /^\d{8}$/ : local ? /^\d{8}T\d{6}$/ : /^\d{8}T\d{6}Z$/;
  if (form.test(until)) return;
  report(findings, rule.line, 'until', 'UNTIL is of the type of DTSTART, times in UTC (§3.3.10)');
}

const TYPES = { DATE: /^\d{8}$/, 'DATE-TIME': /^\d{8}T\d{6}Z?$/, PERIOD: /^\d{8}T\d{6}Z?\/\S+$/ };

/** Days for what is all day, times for the rest; a period is a time too (§3.8.5.1, §3.8.5.2). */
function checkList(list: Property, start: Property | undefined, findings: Finding[]): void {
  const { line, name, params, value } = list;
  const type = (/;VALUE=([A-Z-]+)/i.exec(params)?.[1] ?? 'DATE-TIME').toUpperCase();
  const form = TYPES[type as keyof typeof TYPES];
  if (form === undefined || (type === 'PERIOD' && name === 'EXDATE')) {
    report(findings, line, 'time', `${name} cannot be of type ${type} (§3.8.5)`);
  } else if (!value.split(',').every((each) => form.test(each))) {
    report(findings, line, 'time', `${name} does not have the form of its type`);
  } else if (start !== undefined && name === 'EXDATE' && isDay(start) !== (type === 'DATE')) {
    report(findings, line, 'time', 'EXDATE must be of the type of DTSTART, or it matches nothing');
  }
}

const isDay = ({ value }: Property): boolean => /^\d{8}$/.test(value);

/** A changed occurrence names it by the type of the event's DTSTART (§3.8.4.4). */
export function checkOccurrences(events: readonly Component[], findings: Finding[]): void {
  const whole = events.filter((event) => all(event, 'RECURRENCE-ID').length === 0);
  const starts = new Map(whole.map((event) => [uidOf(event), all(event, 'DTSTART')[0]]));
  for (const event of events) {
    const start = starts.get(uidOf(event));
    const [occurrence] = all(event, 'RECURRENCE-ID');
    if (start === undefined || occurrence === undefined) continue;
    if (isDay(start) === isDay(occurrence)) continue;
    const message = 'RECURRENCE-ID must be of the type of the DTSTART of its event (§3.8.4.4)';
    report(findings, occurrence.line, 'time', message);
  }
}

const uidOf = (event: Component): string | undefined => all(event, 'UID')[0]?.value;
