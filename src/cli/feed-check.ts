import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { type Finding, lint } from '../ical/index.ts';
import { CommandFailed, EXIT } from './failure.ts';
import { oneLine } from './terminal.ts';

/** Checks anybody's calendar: from a file, from standard input, or from an address that may be asked. */

/** Bytes of a calendar, and milliseconds to fetch it in. */
const MOST_BYTES = 64 * 1024 * 1024;
const FETCH_MS = 30_000;
/** Findings printed. */
const SHOWN = 200;

/**
 * Prints a line for each finding: the line in the calendar, how grave it is, the rule, and what is wrong.
 * @returns the exit code: 1 when there is an error; warnings are none
 */
export async function checkFeed(source: string, allow: readonly string[]): Promise<number> {
  const findings = lint(await bytesOf(source, allow));
  for (const finding of findings.slice(0, SHOWN)) process.stdout.write(`${lineOf(finding)}\n`);
  if (findings.length > SHOWN) process.stdout.write(`… and ${findings.length - SHOWN} more\n`);
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const warnings = findings.length - errors;
  process.stdout.write(`${counted(errors, 'error')}, ${counted(warnings, 'warning')}\n`);
  return errors === 0 ? EXIT.fine : EXIT.failed;
}

const counted = (count: number, what: string): string =>
  `${count} ${what}${count === 1 ? '' : 's'}`;

const lineOf = ({ line, severity, rule, message }: Finding): string =>
  oneLine(`line ${line}: ${severity} ${rule}: ${message}`);

async function bytesOf(source: string, allow: readonly string[]): Promise<Buffer> {
  if (source === '-') return limited(await buffer(process.stdin));
  if (/^(https?|webcal):/i.test(source)) return fetched(source, allow);
  const { size } = statSync(source);
  if (size > MOST_BYTES) throw tooLarge();
  return readFile(source);
}

const tooLarge = (): CommandFailed =>
  new CommandFailed(`the calendar is larger than ${MOST_BYTES / 1024 / 1024} MB`);

function limited(bytes: Buffer): Buffer {
  if (bytes.length > MOST_BYTES) throw tooLarge();
  return bytes;
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Only hosts that were meant: an address that leads elsewhere must not make this machine ask there. */
async function fetched(source: string, allow: readonly string[]): Promise<Buffer> {
  const url = addressOf(source);
  if (!LOOPBACK.test(url.hostname) && !allow.includes(url.hostname)) {
    throw new CommandFailed(
      `${url.hostname} is not this machine: add --allow ${url.hostname} if it is to be asked`,
    );
  }
  const response = await fetch(url, {
    redirect: 'manual',
    signal: AbortSignal.timeout(FETCH_MS),
  }).catch((error: Error) => {
    const { message } = (error.cause as Error | undefined) ?? error;
    throw new CommandFailed(`${url.host} does not answer: ${message}`);
  });
  if (response.status !== 200) {
    throw new CommandFailed(
      `${url.host} answers ${response.status}: calendar programs want 200 and no redirect`,
    );
  }
  return contentOf(response);
}

function addressOf(source: string): URL {
  try {
    return new URL(source.replace(/^webcal:/i, 'https:'));
  } catch {
    throw new CommandFailed(`${JSON.stringify(source)} is neither an address nor a file`);
  }
}

async function contentOf(response: Response): Promise<Buffer> {
  const type = response.headers.get('content-type') ?? 'none';
  if (!/^text\/calendar\s*(;|$)/i.test(type)) {
    process.stdout.write(`${oneLine(`warning content-type: ${type} is not text/calendar`)}\n`);
  }
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > MOST_BYTES) throw tooLarge();
    parts.push(Buffer.from(part));
  }
  return Buffer.concat(parts);
}
