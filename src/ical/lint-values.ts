import { all, type Component, type Finding, type Property, report } from './lint-parse.ts';
import { checkRecurrence } from './lint-recurrence.ts';

/** Rules about single values, by RFC 5545; the section stands in the message. */

type Check = (property: Property) => string | undefined;

const TEXT: Check = ({ value }) => {
  const bare = /(?<!\\)(?:\\\\)*[,;]/.exec(value)?.[0].at(-1);
  if (bare !== undefined) return `a ${bare} in a text is written \\${bare} (§3.3.11)`;
  const odd = /^(?:[^\\]|\\[\\;,nN])*\\([^\\;,nN]|$)/.exec(value);
  return odd === null ? undefined : `\\${odd[1]} means nothing in a text (§3.3.11)`;
};

const oneOf =
  (...values: readonly string[]): Check =>
  ({ name, value }) =>
    values.includes(value.toUpperCase()) ? undefined : `${name} is one of ${values.join(', ')}`;

const INTEGER: Check = ({ name, value }) =>
  /^\d{1,10}$/.test(value) ? undefined : `${name} is a whole number (§3.3.8)`;

const GEO: Check = ({ value }) => {
  const [, lat, lon] = /^([+-]?\d+(?:\.\d+)?);([+-]?\d+(?:\.\d+)?)$/.exec(value) ?? [];
  if (lat === undefined || lon === undefined) return 'GEO is latitude;longitude (§3.8.1.6)';
  const within = Math.abs(Number(lat)) <= 90 && Math.abs(Number(lon)) <= 180;
  return within ? undefined : 'GEO lies outside of the earth (§3.8.1.6)';
};

const URI: Check = ({ name, value }) =>
  /^[A-Za-z][A-Za-z0-9+.-]*:[\x21-\x7e]+$/.test(value)
    ? undefined
    : `${name} is an absolute address without spaces (§3.3.13)`;

/** Its type has to be named: there is no default (RFC 7986 §5.8, §5.10, §5.11). */
const typed =
  (section: string, ...types: readonly string[]): Check =>
  (property) => {
    const type = /;VALUE=([A-Z-]+)/i.exec(property.params)?.[1]?.toUpperCase() ?? '';
    if (!types.includes(type)) {
      return `${property.name} is written ${property.name};VALUE=${types[0]} (${section})`;
    }
    return type === 'URI' ? URI(property) : undefined;
  };

/** Texts with commas between. */
const TEXTS: Check = (property) =>
  TEXT({ ...property, value: property.value.replaceAll(/(?<!\\)((?:\\\\)*),/g, '$1') });

const DURATION: Check = ({ name, value }) =>
  /^[+-]?P(?:\d+W|(?=.)(?:\d+D)?(?:T(?=.)(?:\d+H)?(?:\d+M)?(?:\d+S)?)?)$/.test(value)
    ? undefined
    : `${name} is a duration such as PT1H (§3.3.6)`;

/** @param section where it is said that this one is positive: others go back, as that of an alarm may */
const positive =
  (section: string): Check =>
  (property) =>
    property.value.startsWith('-')
      ? `${property.name} is a positive duration (${section})`
      : DURATION(property);

/** Its type has to be named, although there is but one (RFC 7986 §5.7). */
const INTERVAL: Check = (property) =>
  /;VALUE=DURATION(;|$)/i.test(property.params)
    ? positive('RFC 7986 §5.7')(property)
    : `${property.name} is written ${property.name};VALUE=DURATION (RFC 7986 §5.7)`;

const UID: Check = (property) =>
  property.value.trim() === '' ? 'UID is empty, so it names nothing (§3.8.4.7)' : TEXT(property);

const EVENT_VALUES: Readonly<Record<string, Check>> = {
  SUMMARY: TEXT,
  DESCRIPTION: TEXT,
  LOCATION: TEXT,
  COMMENT: TEXT,
  CONTACT: TEXT,
  CATEGORIES: TEXTS,
  RESOURCES: TEXTS,
  IMAGE: typed('RFC 7986 §5.10', 'URI', 'BINARY'),
  CONFERENCE: typed('RFC 7986 §5.11', 'URI'),
  UID,
  TRANSP: oneOf('OPAQUE', 'TRANSPARENT'),
  CLASS: ({ value }) => (/^[A-Za-z0-9-]+$/.test(value) ? undefined : 'CLASS is a word (§3.8.1.3)'),
  SEQUENCE: INTEGER,
  PRIORITY: ({ value }) => (/^\d$/.test(value) ? undefined : 'PRIORITY is 0 to 9 (§3.8.1.9)'),
  GEO,
  URL: URI,
  DURATION: positive('§3.8.2.5'),
};
const CALENDAR_VALUES: Readonly<Record<string, Check>> = {
  VERSION: ({ value }) => (value === '2.0' ? undefined : 'VERSION is 2.0 (§3.7.4)'),
  CALSCALE: oneOf('GREGORIAN'),
  METHOD: ({ value }) => (/^[A-Za-z0-9-]+$/.test(value) ? undefined : 'METHOD is a word (§3.7.2)'),
  NAME: TEXT,
  'X-WR-CALNAME': TEXT,
  DESCRIPTION: TEXT,
  SOURCE: typed('RFC 7986 §5.8', 'URI'),
  IMAGE: typed('RFC 7986 §5.10', 'URI', 'BINARY'),
  CATEGORIES: TEXTS,
  URL: URI,
  'REFRESH-INTERVAL': INTERVAL,
  'X-PUBLISHED-TTL': DURATION,
};

const OFFSET: Check = ({ name, value }) =>
  /^[+-](?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?$/.test(value) && !/^-0+$/.test(value)
    ? undefined
    : `${name} is an offset such as +0100 (§3.3.14)`;
const OFFSETS: Readonly<Record<string, Check>> = { TZOFFSETFROM: OFFSET, TZOFFSETTO: OFFSET };

/** Parameters that hold an address are quoted, or it ends at its first colon (§3.2). */
const BARE_ADDRESS = /;(ALTREP|DIR|DELEGATED-FROM|DELEGATED-TO|MEMBER|SENT-BY)=[^"]/i;

function checkParams({ line, params }: Property, findings: Finding[]): void {
  const name = BARE_ADDRESS.exec(params)?.[1];
  if (name !== undefined) report(findings, line, 'value', `${name} has its value in quotes (§3.2)`);
}

function checkAll(
  component: Component,
  checks: Readonly<Record<string, Check>>,
  findings: Finding[],
): void {
  for (const property of component.properties) {
    checkParams(property, findings);
    const message = checks[property.name]?.(property);
    if (message !== undefined) report(findings, property.line, 'value', message);
  }
}

/** What an event has at most once (§3.6.1). */
const AT_MOST_ONCE = [
  ...['CLASS', 'CREATED', 'DESCRIPTION', 'DTEND', 'DURATION', 'GEO', 'LAST-MODIFIED', 'LOCATION'],
  ...['ORGANIZER', 'PRIORITY', 'RECURRENCE-ID', 'SEQUENCE', 'STATUS', 'SUMMARY', 'TRANSP', 'URL'],
];

const TIMES = ['DTSTART', 'DTEND', 'RECURRENCE-ID'];
const STAMPS = ['DTSTAMP', 'CREATED', 'LAST-MODIFIED'];

export function checkEventValues(event: Component, findings: Finding[]): void {
  checkAll(event, EVENT_VALUES, findings);
  for (const name of AT_MOST_ONCE) {
    const second = all(event, name)[1];
    if (second !== undefined) {
      report(findings, second.line, 'once', `an event has one ${name} at most (§3.6.1)`);
    }
  }
  checkDuration(event, findings);
  checkRecurrence(event, findings);
  const times = TIMES.flatMap((name) => all(event, name));
  const stamps = STAMPS.flatMap((name) => all(event, name));
  const lists = ['EXDATE', 'RDATE'].flatMap((name) => all(event, name)).flatMap(eachOf);
  for (const time of [...times, ...stamps, ...lists]) checkMoment(time, findings);
  for (const time of times) checkZoneOf(time, findings);
}

const eachOf = (list: Property): Property[] =>
  list.value.split(',').map((value) => ({ ...list, value }));

/** In place of DTEND, and from a day on in whole days (§3.6.1). */
function checkDuration(event: Component, findings: Finding[]): void {
  const [duration] = all(event, 'DURATION');
  if (duration === undefined) return;
  const tell = (message: string) => report(findings, duration.line, 'end-type', message);
  if (all(event, 'DTEND').length > 0) tell('an event has DTEND or DURATION, not both (§3.6.1)');
  const isAllDay = /^\d{8}$/.test(all(event, 'DTSTART')[0]?.value ?? '');
  if (isAllDay && /T/i.test(duration.value)) {
    tell('from a day on, DURATION is in days or weeks (§3.6.1)');
  }
}

export function checkCalendarValues(calendar: Component, findings: Finding[]): void {
  checkAll(calendar, CALENDAR_VALUES, findings);
  for (const name of ['CALSCALE', 'METHOD', 'SOURCE', 'URL', 'REFRESH-INTERVAL']) {
    const second = all(calendar, name)[1];
    if (second !== undefined) {
      const message = `a calendar has one ${name} at most (§3.6, RFC 7986 §4)`;
      report(findings, second.line, 'once', message);
    }
  }
  for (const { line } of all(calendar, 'X-WR-TIMEZONE')) {
    const message = 'programs move times by a zone of the whole calendar: name it with each time';
    report(findings, line, 'calendar-zone', message);
  }
}

/** A zone has a name and at least one observance, each with a begin and two offsets (§3.6.5). */
export function checkZoneBlock(zone: Component, findings: Finding[]): void {
  const need = (component: Component, names: readonly string[]) => {
    for (const name of names) {
      if (all(component, name).length === 1) continue;
      report(findings, component.line, 'required', `${component.name} needs exactly one ${name}`);
    }
  };
  need(zone, ['TZID']);
  const observances = zone.children.filter(
    ({ name }) => name === 'STANDARD' || name === 'DAYLIGHT',
  );
  if (observances.length === 0) {
    report(findings, zone.line, 'timezone', 'a VTIMEZONE needs STANDARD or DAYLIGHT (§3.6.5)');
  }
  for (const observance of observances) {
    need(observance, ['DTSTART', 'TZOFFSETFROM', 'TZOFFSETTO']);
    checkAll(observance, OFFSETS, findings);
    for (const start of all(observance, 'DTSTART')) {
      checkLocal(start, findings);
      checkMoment(start, findings);
    }
    checkRecurrence(observance, findings);
  }
}

/** An observance begins by the clock on the wall: its zone is what is being defined (§3.6.5). */
function checkLocal({ line, name, value, params }: Property, findings: Finding[]): void {
  if (/^\d{8}T\d{6}$/.test(value) && !/;TZID=/i.test(params)) return;
  report(findings, line, 'time', `${name} is a local time here, without Z or a zone (§3.6.5)`);
}

const DAYS_IN_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** The day and the time exist (§3.3.4, §3.3.12). */
function checkMoment({ line, name, value }: Property, findings: Finding[]): void {
  const [, day, time] = /^(\d{8})(?:T(\d{6})Z?)?$/.exec(value) ?? [];
  if (day === undefined) return;
  if (isDay(day) && (time === undefined || isTime(time))) return;
  report(findings, line, 'time', `${name} ${value} does not exist`);
}

function isDay(text: string): boolean {
  const [year = 0, month = 0, day = 0] = [text.slice(0, 4), text.slice(4, 6), text.slice(6)].map(
    Number,
  );
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const most = month === 2 && !leap ? 28 : (DAYS_IN_MONTH[month - 1] ?? 0);
  return day >= 1 && day <= most;
}

/** A leap second is 60. */
const isTime = (text: string): boolean => /^([01]\d|2[0-3])[0-5]\d([0-5]\d|60)$/.test(text);

/** A time is of one zone, or of UTC (§3.3.5). */
function checkZoneOf({ line, name, value, params }: Property, findings: Finding[]): void {
  const zoned = /;TZID=/i.test(params);
  if (zoned && /^\d{8}$/.test(value)) {
    report(findings, line, 'time', `${name} is a day, which has no zone (§3.2.19)`);
  } else if (zoned && value.endsWith('Z')) {
    report(findings, line, 'time', `${name} has a zone and is in UTC: one or the other (§3.3.5)`);
  } else if (/^\d{8}T\d{6}$/.test(value) && !zoned) {
    report(findings, line, 'floating', `${name} has no zone: it is another moment for each reader`);
  }
}
