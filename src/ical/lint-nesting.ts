import { all, type Component, type Finding, report } from './lint-parse.ts';

/** Which component may be where, by RFC 5545 §3.4 and §3.6, and what each must have. */

const INSIDE: Readonly<Record<string, readonly string[]>> = {
  VCALENDAR: [''],
  VEVENT: ['VCALENDAR'],
  VTODO: ['VCALENDAR'],
  VJOURNAL: ['VCALENDAR'],
  VFREEBUSY: ['VCALENDAR'],
  VTIMEZONE: ['VCALENDAR'],
  VALARM: ['VEVENT', 'VTODO'],
  STANDARD: ['VTIMEZONE'],
  DAYLIGHT: ['VTIMEZONE'],
};
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  VTODO: ['UID', 'DTSTAMP'],
  VJOURNAL: ['UID', 'DTSTAMP'],
  VFREEBUSY: ['UID', 'DTSTAMP'],
  VALARM: ['ACTION', 'TRIGGER'],
};

/** `root`: what stands at the outermost level. Components that RFC 5545 does not name may be anywhere within. */
export function checkNesting(root: Component, findings: Finding[]): void {
  for (const { line, name } of root.properties) {
    report(findings, line, 'nesting', `${name} stands outside of any VCALENDAR`);
  }
  for (const child of root.children) {
    if (child.name !== 'VCALENDAR') {
      report(findings, child.line, 'nesting', `${child.name} stands outside of any VCALENDAR`);
    }
    checkInside(child, findings);
  }
}

function checkInside(component: Component, findings: Finding[]): void {
  for (const child of component.children) {
    const places = INSIDE[child.name];
    if (places !== undefined && !places.includes(component.name)) {
      const message = `${child.name} cannot be in ${component.name} (RFC 5545 §3.6)`;
      report(findings, child.line, 'nesting', message);
    }
    checkNeeded(child, findings);
    checkInside(child, findings);
  }
}

function checkNeeded(component: Component, findings: Finding[]): void {
  const names = NEEDED[component.name] ?? [];
  const shown = all(component, 'ACTION')[0]?.value.toUpperCase() === 'DISPLAY';
  for (const name of shown ? [...names, 'DESCRIPTION'] : names) {
    const count = all(component, name).length;
    if (count === 1) continue;
    const message = `${component.name} needs exactly one ${name}, it has ${count}`;
    report(findings, component.line, 'required', message);
  }
}
