import * as z from 'zod';
import { inWords } from '../commands.ts';
import { textOf } from './utf8.ts';

/** A dossier: a JSON array or NDJSON of commands, each exactly the HTTP POST and its idempotency key. */

export interface DossierCommand {
  readonly kind: 'command';
  /** Where it begins in the file, from 1. */
  readonly line: number;
  readonly key: string;
  readonly path: string;
  readonly body: unknown;
}

/** A line that is no command. The rest of the file goes on. */
export interface DossierFault {
  readonly kind: 'fault';
  readonly line: number;
  readonly reason: string;
}

/** The file as a whole cannot be read as a dossier. */
export class DossierError extends Error {
  override readonly name = 'DossierError';
  readonly code = 'bad-dossier';
}

/** One command, in characters: several times what the server takes, so that nothing it takes is refused. */
export const MAX_COMMAND = 4_194_304;

const entry = z.strictObject({
  key: z.string().min(1).max(200),
  path: z.string().min(1).max(2_000),
  body: z.record(z.string(), z.json()),
});

/**
 * Reads a dossier in order, one command at a time, whatever the file's size.
 * @throws {DossierError} the bytes are not UTF-8
 */
export async function* readDossier(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<DossierCommand | DossierFault> {
  for await (const value of readValues(chunks)) {
    yield value.kind === 'fault' ? value : parseCommand(value);
  }
}

/** A JSON value of a file. */
export interface LineValue {
  readonly kind: 'value';
  readonly line: number;
  readonly value: unknown;
}

/**
 * The values of a JSON array or of NDJSON, in order and one at a time.
 * @throws {DossierError} the bytes are not UTF-8
 */
export async function* readValues(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<LineValue | DossierFault> {
  const splitter = new Splitter();
  for await (const text of textOf(chunks, notText)) {
    for (const piece of splitter.push(text)) yield parsePiece(piece);
  }
  for (const piece of splitter.end()) yield parsePiece(piece);
}

const notText = () => new DossierError('the file is not UTF-8 text: save it as UTF-8');

class ProtoKey extends Error {}

/** As over HTTP: whoever copied it further as a field would change what an object is. */
function refuseProto(key: string, value: unknown): unknown {
  if (key === '__proto__') throw new ProtoKey('no field is called __proto__: leave it out');
  return value;
}

function parsePiece(piece: Piece): LineValue | DossierFault {
  const { line } = piece;
  if ('fault' in piece) return { kind: 'fault', line, reason: piece.fault };
  try {
    return { kind: 'value', line, value: JSON.parse(piece.text, refuseProto) };
  } catch (error) {
    if (error instanceof ProtoKey) return { kind: 'fault', line, reason: error.message };
    return { kind: 'fault', line, reason: `not JSON: ${(error as SyntaxError).message}` };
  }
}

function parseCommand({ line, value }: LineValue): DossierCommand | DossierFault {
  const parsed = entry.safeParse(value, { error: inWords });
  if (parsed.success) return { kind: 'command', line, ...parsed.data };
  const issue = parsed.error.issues[0];
  const where = issue?.path.join('.') || 'the line';
  return {
    kind: 'fault',
    line,
    reason: `must be {"key", "path", "body"}: ${where}: ${issue?.message}`,
  };
}

type Piece =
  | { readonly line: number; readonly text: string }
  | { readonly line: number; readonly fault: string };

const isSpace = (char: string): boolean =>
  char === ' ' || char === '\n' || char === '\r' || char === '\t';

/** Cuts text into its commands without holding more than one of them. */
class Splitter {
  private line = 1;
  private mode: 'unknown' | 'array' | 'lines' | 'after' = 'unknown';
  private text = '';
  private startLine = 1;
  private tooLong = false;
  private separated = false;
  private depth = 0;
  private inString = false;
  private escaped = false;

  *push(text: string): Generator<Piece> {
    for (const char of text) {
      yield* this.step(char);
      if (char === '\n') this.line += 1;
    }
  }

  *end(): Generator<Piece> {
    if (this.mode === 'lines') yield* this.take();
    if (this.mode === 'array') {
      const line = this.text === '' ? this.line : this.startLine;
      yield { line, fault: 'the array is not closed: the file ends too early' };
    }
  }

  private *step(char: string): Generator<Piece> {
    if (this.mode === 'unknown') this.begin(char);
    else if (this.mode === 'lines') yield* this.lineStep(char);
    else if (this.mode === 'array') yield* this.arrayStep(char);
    else if (!isSpace(char)) {
      if (!this.separated) yield { line: this.line, fault: 'more text after the end of the array' };
      this.separated = true;
    }
  }

  private begin(char: string): void {
    if (isSpace(char)) return;
    this.mode = char === '[' ? 'array' : 'lines';
    if (this.mode === 'lines') this.collect(char);
  }

  private *lineStep(char: string): Generator<Piece> {
    if (char === '\n') yield* this.take();
    else this.collect(char);
  }

  private *arrayStep(char: string): Generator<Piece> {
    if (!this.inString && this.depth === 0 && (char === ',' || char === ']')) {
      yield* this.closeElement(char);
      return;
    }
    this.track(char);
    this.collect(char);
  }

  private *closeElement(char: ',' | ']'): Generator<Piece> {
    const empty = this.text === '' && !this.tooLong;
    if (empty && (char === ',' || this.separated)) {
      yield { line: this.line, fault: 'a comma without a command beside it' };
    }
    yield* this.take();
    this.separated = char === ',';
    if (char === ']') this.mode = 'after';
  }

  /** Follows strings and brackets, so that a comma inside a command does not end it. */
  private track(char: string): void {
    if (this.inString) this.trackString(char);
    else if (char === '"') this.inString = true;
    else if (char === '{' || char === '[') this.depth += 1;
    else if (char === '}' || char === ']') this.depth = Math.max(0, this.depth - 1);
  }

  private trackString(char: string): void {
    if (this.escaped) this.escaped = false;
    else if (char === '\\') this.escaped = true;
    else if (char === '"') this.inString = false;
  }

  private collect(char: string): void {
    if (this.text === '') {
      if (isSpace(char)) return;
      this.startLine = this.line;
    }
    if (this.text.length < MAX_COMMAND) this.text += char;
    else this.tooLong = true;
  }

  private *take(): Generator<Piece> {
    const { text, startLine, tooLong } = this;
    this.text = '';
    this.tooLong = false;
    if (tooLong) {
      yield { line: startLine, fault: `longer than ${MAX_COMMAND} characters` };
    } else if (text !== '') {
      yield { line: startLine, text };
    }
  }
}
