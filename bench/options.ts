import { accessSync, constants, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** The command line of the benchmark. */
export interface Options {
  readonly help: boolean;
  /** Where to write the figures as JSON. */
  readonly json: string | undefined;
  /** Names of figures, or how they begin; empty: all. */
  readonly only: readonly string[];
  readonly events: number;
  /** Sizes of feed to measure, in entries. */
  readonly entries: readonly number[];
}

/** One line that says what is wrong. */
export class WrongUsage extends Error {
  override readonly name = 'WrongUsage';
}

const EVENTS = { option: '--events', least: 1_000, most: 5_000_000 } as const;
const ENTRIES = { option: '--entries', least: 100, most: 100_000 } as const;
/** Its figures carry no number in their names. */
export const USUAL_ENTRIES = 10_000;

export const usage = (names: readonly string[]): string => `Usage: npm run bench -- [options]

Measures Chancery against raw floors on this machine, in the same run and in turn, and prints a table.

  --only <name>     measure only this figure, or those whose names begin so; may be repeated
  --events <n>      events in the log, ${EVENTS.least} to ${EVENTS.most}; default 200000
  --entries <n>     entries in the feeds, ${ENTRIES.least} to ${ENTRIES.most}; default ${USUAL_ENTRIES}; may be repeated
  --json <file>     write the figures to a file as well
  --help            say how it is used

Figures: ${names.join(', ')}

Floors: F1 reads every event from SQLite, parses it and inserts two rows. F2 is plain fastify sending the
same bytes from a buffer. F3 is a plain ical-generator render of the same entries. F4 inserts events into the
store's own tables, 1,000 a transaction. Bare is the driver alone on the same server: that of ESDB_TEST_URL,
else one of our own; it reads in one call and keeps nothing. A ratio above 1 is better than the floor.`;

/** @throws {WrongUsage} */
export function parseOptions(args: readonly string[], names: readonly string[]): Options {
  const { help = false, json, only = [], events = '200000', entries = [] } = valuesOf(args);
  if (help) return { help, json: undefined, only: [], events: 0, entries: [] };
  for (const name of only) {
    if (name !== '' && names.some((known) => known.startsWith(name))) continue;
    throw new WrongUsage(`--only ${name}: there is no such figure; there are ${names.join(', ')}`);
  }
  if (json !== undefined) requireFolder(json);
  const sizes = entries.map((text) => countOf(text, ENTRIES));
  return {
    ...{ help, json, only, events: countOf(events, EVENTS) },
    entries: sizes.length === 0 ? [USUAL_ENTRIES] : [...new Set(sizes)],
  };
}

function valuesOf(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean' },
        json: { type: 'string' },
        only: { type: 'string', multiple: true },
        events: { type: 'string' },
        entries: { type: 'string', multiple: true },
      },
    }).values;
  } catch (error) {
    const [line = ''] = (error as Error).message.split(/[\n.]/);
    throw new WrongUsage(`${line}; --help says how it is used`);
  }
}

function countOf(text: string, { option, least, most }: typeof EVENTS | typeof ENTRIES): number {
  const count = Number(text);
  if (/^\d{1,9}$/.test(text) && count >= least && count <= most) return count;
  throw new WrongUsage(`${option} ${text}: give a whole number from ${least} to ${most}`);
}

/** Now, and not after minutes of measuring. */
function requireFolder(file: string): void {
  const folder = dirname(resolve(file));
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    throw new WrongUsage(`--json ${file}: there is no folder ${folder} that can be written`);
  }
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory() === true) {
    throw new WrongUsage(`--json ${file}: it is a folder, name a file`);
  }
}

/** The name of a figure about a feed of this size. */
export const sizedName = (name: string, entries: number): string =>
  entries === USUAL_ENTRIES ? name : `${name}-${entries}`;

/** Whether a figure was asked for. */
export const wanted = ({ only }: Options, name: string): boolean =>
  only.length === 0 || only.some((start) => name.startsWith(start));
