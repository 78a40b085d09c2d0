import { LINE_OCTETS } from './text.ts';

/** A calendar as lines and components, for the rules in lint.ts and lint-values.ts. */

/** One fault in a calendar's bytes. */
export interface Finding {
  /** Counts physical lines from 1. */
  readonly line: number;
  /** `warning`: allowed, and yet some program gets it wrong. */
  readonly severity: 'error' | 'warning';
  readonly rule: string;
  readonly message: string;
}

export interface Property {
  readonly line: number;
  readonly name: string;
  readonly params: string;
  readonly value: string;
}

export interface Component {
  readonly name: string;
  readonly line: number;
  readonly properties: Property[];
  readonly children: Component[];
}

const CR = 13;
const LF = 10;

/** What is no error by RFC 5545. */
const WARNINGS: ReadonlySet<string> = new Set(['forbidden', 'floating', 'calendar-zone']);

export const report = (findings: Finding[], line: number, rule: string, message: string): void => {
  findings.push({ line, severity: WARNINGS.has(rule) ? 'warning' : 'error', rule, message });
};

export function physicalLines(bytes: Uint8Array, findings: Finding[]): string[] {
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

export function unfold(lines: readonly string[]): { line: number; text: string }[] {
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

/** @returns the outermost level, without a name */
export function parse(
  lines: readonly { line: number; text: string }[],
  findings: Finding[],
): Component {
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
  return root;
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

export const all = (component: Component, name: string): Property[] =>
  component.properties.filter((property) => property.name === name);
