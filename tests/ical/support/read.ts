/** A reader of content lines for the tests alone, so that they do not trust the code that they test. */

export interface Line {
  readonly name: string;
  /** With the leading semicolon; empty without parameters. */
  readonly params: string;
  readonly value: string;
}

/** Physical lines without their CRLF. A lone CR or LF stays inside its line. */
export function physicalLines(text: string): string[] {
  const lines = text.split('\r\n');
  if (lines.pop() !== '') throw new Error('the text does not end in CRLF');
  return lines;
}

export const unfolded = (text: string): string => text.replaceAll('\r\n ', '');

export function linesOf(text: string | null): Line[] {
  if (text === null) throw new Error('the entry was left out');
  return physicalLines(unfolded(text)).map((line) => {
    const [, name = '', params = '', value = ''] =
      /^([A-Z0-9-]+)((?:;[A-Z-]+=[^;:]+)*):(.*)$/s.exec(line) ?? [];
    if (name === '') throw new Error(`not a content line: ${JSON.stringify(line)}`);
    return { name, params, value };
  });
}

export const valuesOf = (text: string | null, name: string): string[] =>
  linesOf(text)
    .filter((line) => line.name === name)
    .map((line) => line.value);

/** The value of a property as written, still escaped; undefined when it is absent. */
export function soleValue(text: string | null, name: string): string | undefined {
  const values = valuesOf(text, name);
  if (values.length > 1) throw new Error(`${name} stands ${values.length} times`);
  return values[0];
}

/** `DTSTART;VALUE=DATE:20220801` and the like. */
export const lineOf = (text: string | null, name: string): string | undefined =>
  linesOf(text)
    .filter((line) => line.name === name)
    .map((line) => `${line.name}${line.params}:${line.value}`)[0];

/** A TEXT value as a person reads it. */
export const words = (value: string | undefined): string | undefined =>
  value?.replace(/\\(.)/g, (_, c: string) => (c === 'n' || c === 'N' ? '\n' : c));

export const octets = (text: string): number => Buffer.byteLength(text);
