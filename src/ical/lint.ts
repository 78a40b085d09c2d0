import { LINE_OCTETS } from './text.ts';

/** One fault in a calendar's bytes; `line` counts physical lines from 1. */
export interface Finding {
  readonly line: number;
  readonly rule: string;
  readonly message: string;
}

interface Property {
  readonly line: number;
  readonly name: string;
  readonly params: string;
  readonly value: string;
}

interface Component {
  readonly name: string;
  readonly line: number;
  readonly properties: Property[];
  readonly children: Component[];
}

const CR = 13;
const LF = 10;

/**
 * What is wrong with a calendar's bytes by RFC 5545 and by what real clients trip over. Parsers forgive most
 * of this and so cannot test it.
 */
export function lint(bytes: Uint8Array): Finding[] {
  const findings: Finding[] = [];
  const lines = physicalLines(bytes, findings);
  const roots = parse(unfold(lines), findings);
  for (const calendar of roots) checkCalendar(calendar, findings);
  if (roots.length === 0) report(findings, 1, 'calendar', 'there is no VCALENDAR');
  return findings.sort((a, b) => a.line - b.line);
}

const report = (findings: Finding[], line: number, rule: string, message: string): void => {
  findings.push({ line, rule, message });
};

function physicalLines(bytes: Uint8Array, findings: Finding[]): string[] {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const lines: string[] = [];
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(LF, start);
    const end = found < 0 ? bytes.length : found;
    const crlf = found > start && bytes[end - 1] === CR;
    const line = bytes.subarray(start, crlf ? end - 1 : end);
    const number = lines.length + 1;
    if (!crlf) report(findings, number, 'crlf', 'the line does not end in CRLF');
    if (line.length > LINE_OCTETS) {
      report(findings, number, 'line-length', `${line.length} octets, ${LINE_OCTETS} are allowed`);
    }
    lines.push(decode(decoder, line, number, findings));
    start = end + 1;
  }
  return lines;
}

function decode(
  decoder: TextDecoder,
  line: Uint8Array,
  number: number,
  findings: Finding[],
): string {
  try {
    const text = decoder.decode(line);
    if (/(?!\t)\p{Cc}/u.test(text)) report(findings, number, 'control', 'a control character');
    return text;
  } catch {
    report(findings, number, 'utf-8', 'not UTF-8, or cut inside a character');
    return new TextDecoder().decode(line);
  }
}

function unfold(lines: readonly string[]): { line: number; text: string }[] {
  const logical: { line: number; text: string }[] = [];
  lines.forEach((text, index) => {
    const last = logical.at(-1);
    if (/^[ \t]/.test(text) && last !== undefined) last.text += text.slice(1);
    else logical.push({ line: index + 1, text });
  });
  return logical;
}

const PARAM_VALUE = '(?:"[^"]*"|[^",;:]*)';
const PARAM = `;[A-Za-z0-9-]+=${PARAM_VALUE}(?:,${PARAM_VALUE})*`;
/** NAME;PARAMETERS:VALUE (RFC 5545 §3.1). */
const CONTENT = new RegExp(`^([A-Za-z0-9-]+)((?:${PARAM})*):(.*)$`, 's');

function parse(
  lines: readonly { line: number; text: string }[],
  findings: Finding[],
): readonly Component[] {
  const root: Component = { name: '', line: 0, properties: [], children: [] };
  const open = [root];
  for (const { line, text } of lines) {
    const [, name, params = '', value = ''] = CONTENT.exec(text) ?? [];
    if (name === undefined) report(findings, line, 'content-line', 'not NAME;PARAMETERS:VALUE');
    else place(open, { line, name: name.toUpperCase(), params, value }, findings);
  }
  const left = open.at(-1);
  if (left !== undefined && left !== root) {
    report(findings, left.line, 'nesting', `${left.name} has no END`);
  }
  return root.children.filter((child) => child.name === 'VCALENDAR');
}

function place(open: Component[], property: Property, findings: Finding[]): void {
  const inside = open.at(-1);
  if (inside === undefined) return;
  const { line, name, value } = property;
  if (name === 'BEGIN') {
    const child: Component = { name: value.toUpperCase(), line, properties: [], children: [] };
    inside.children.push(child);
    open.push(child);
  } else if (name === 'END' && open.length > 1 && inside.name === value.toUpperCase()) {
    open.pop();
  } else if (name === 'END') {
    report(findings, line, 'nesting', `END:${value} closes nothing`);
  } else {
    inside.properties.push(property);
  }
}

const all = (component: Component, name: string): Property[] =>
  component.properties.filter((property) => property.name === name);

function checkOnce(component: Component, names: readonly string[], findings: Finding[]): void {
  for (const name of names) {
    const count = all(component, name).length;
    if (count === 1) continue;
    const message = `${component.name} needs exactly one ${name}, it has ${count}`;
    report(findings, component.line, 'required', message);
  }
}

const FORBIDDEN = new Set(['METHOD', 'ATTENDEE', 'ORGANIZER', 'VALARM']);

function checkCalendar(calendar: Component, findings: Finding[]): void {
  checkOnce(calendar, ['PRODID', 'VERSION'], findings);
  if (calendar.children.length === 0) {
    report(findings, calendar.line, 'empty', 'a VCALENDAR needs a component (RFC 5545 §3.6)');
  }
  const events = calendar.children.filter((child) => child.name === 'VEVENT');
  checkForbidden(calendar, findings);
  checkZones(calendar, events, findings);
  checkUids(events, findings);
  for (const event of events) checkEvent(event, findings);
}

function checkForbidden(component: Component, findings: Finding[]): void {
  for (const { name, line } of [...component.properties, ...component.children]) {
    if (!FORBIDDEN.has(name)) continue;
    report(findings, line, 'forbidden', `${name} makes a feed look like an invitation`);
  }
  for (const child of component.children) checkForbidden(child, findings);
}

const tzidOf = ({ params }: Property): string | undefined =>
  /;TZID="?([^";:]+)"?/i.exec(params)?.[1];

function checkZones(calendar: Component, events: readonly Component[], findings: Finding[]): void {
  const defined = calendar.children
    .filter((child) => child.name === 'VTIMEZONE')
    .flatMap((zone) => all(zone, 'TZID').map((property) => property.value));
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
  checkOnce(event, ['UID', 'DTSTAMP', 'DTSTART'], findings);
  checkValues(event, findings);
  const start = all(event, 'DTSTART')[0];
  const end = all(event, 'DTEND')[0];
  for (const property of [start, end]) if (property !== undefined) checkTime(property, findings);
  if (start !== undefined && end !== undefined) checkOrder(start, end, findings);
}

function checkValues(event: Component, findings: Finding[]): void {
  for (const { line, value } of all(event, 'STATUS')) {
    if (!STATUSES.has(value)) report(findings, line, 'status', `STATUS cannot be ${value}`);
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

function checkOrder(start: Property, end: Property, findings: Finding[]): void {
  if (isDate(start) !== isDate(end)) {
    report(findings, end.line, 'end-type', 'DTEND must be of the type of DTSTART');
  } else if (timeForm(start) === timeForm(end) && end.value <= start.value) {
    report(findings, end.line, 'end-order', 'DTEND must be later than DTSTART');
  }
}
