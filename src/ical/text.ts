/**
 * Content lines of RFC 5545 §3.1 and TEXT values of §3.3.11, as pure string functions. Written here and not
 * taken from a library, because a feed's bytes are a promise to subscribers that no upgrade may change.
 */

/** Octets in a line, its CRLF not counted (RFC 5545 §3.1). */
export const LINE_OCTETS = 75;
export const CRLF = '\r\n';

// NEL and the Unicode separators too: some parsers end a line at them.
const LINE_BREAK = /\r\n?|[\u0085\u2028\u2029]/g;
// Overrides and isolates of direction too: they would turn around what stands beside them.
const CONTROL = /(?![\t\n])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

/** Any string as text that a calendar can hold: well-formed, lines end in \n, no control but \n and \t. */
export const sanitise = (value: string): string =>
  value.toWellFormed().replace(LINE_BREAK, '\n').replace(CONTROL, '');

/** The same on one line, for titles and names. */
export const oneLine = (value: string): string =>
  sanitise(value)
    .replace(/[\t\n ]+/g, ' ')
    .trim();

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  ';': '\\;',
  ',': '\\,',
  '\n': '\\n',
};

/** A TEXT value (RFC 5545 §3.3.11) of any string, sanitised first. */
export const escapeText = (value: string): string =>
  sanitise(value).replace(/[\\;,\n]/g, (character) => ESCAPES[character] ?? character);

/** What a reader makes of a TEXT value: the inverse of escapeText. */
export const unescapeText = (value: string): string =>
  value.replace(/\\([\\;,nN])/g, (_, character: string) =>
    character === 'n' || character === 'N' ? '\n' : character,
  );

const NOT_IN_URI = /[^\u0021-\u007e]|["<>\\^`{|}]/gu;

/** An address with all percent-encoded that no URI has (RFC 3986 §2). */
export const uri = (address: string): string =>
  address
    .toWellFormed()
    .trim()
    .replace(NOT_IN_URI, (character) => encodeURIComponent(character));

/** A URI value: `,` and `;` percent-encoded as well, because clients cut or unescape there. */
export const uriValue = (address: string): string =>
  uri(address).replace(/[,;]/g, (character) => encodeURIComponent(character));

/** One content line, folded, with its CRLF. `name` may carry parameters; `value` is already escaped. */
export const contentLine = (name: string, value: string): string =>
  `${fold(`${name}:${value}`)}${CRLF}`;

export const textLine = (name: string, value: string): string =>
  contentLine(name, escapeText(value));

/** Lines of at most 75 octets, never cut inside a UTF-8 character (RFC 5545 §3.1). */
export function fold(line: string): string {
  if (line.length * 3 <= LINE_OCTETS) return line;
  const parts: string[] = [];
  let start = 0;
  let octets = 0;
  for (let at = 0; at < line.length; ) {
    const code = line.codePointAt(at) ?? 0;
    const size = utf8Length(code);
    if (octets + size > LINE_OCTETS) {
      parts.push(line.slice(start, at));
      start = at;
      octets = 1; // the space that begins the next line
    }
    octets += size;
    at += code > 0xffff ? 2 : 1;
  }
  if (parts.length === 0) return line;
  parts.push(line.slice(start));
  return parts.join(`${CRLF} `);
}

function utf8Length(code: number): number {
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code < 0x10000 ? 3 : 4;
}
