import { writeFileSync } from 'node:fs';
import { GROUPS, NAMES } from './figures/index.ts';
import type { Context, Figure } from './harness.ts';
import { type Options, parseOptions, usage, WrongUsage, wanted } from './options.ts';
import { endAll } from './processes.ts';
import { jsonOf, tableOf } from './report.ts';
import { Workspace } from './workspace.ts';

const EXIT = { fine: 0, failed: 1, usage: 2, interrupted: 130 } as const;

const say = (text: string): void => console.error(`[${seconds()}] ${text}`);
const seconds = (): string => `${(performance.now() / 1_000).toFixed(0)} s`.padStart(5);

/** @returns the exit code */
async function bench(args: readonly string[]): Promise<number> {
  let options: Options;
  try {
    options = parseOptions(args, NAMES);
  } catch (error) {
    if (!(error instanceof WrongUsage)) throw error;
    console.error(`bench: ${error.message}`);
    return EXIT.usage;
  }
  if (options.help) {
    console.log(usage(NAMES));
    return EXIT.fine;
  }
  const { figures, failures } = await measureAll(options);
  console.log(tableOf(figures));
  if (options.json !== undefined) writeFileSync(options.json, jsonOf(figures));
  for (const failure of failures) console.error(`bench: ${failure}`);
  return failures.length === 0 ? EXIT.fine : EXIT.failed;
}

interface Measured {
  readonly figures: Figure[];
  /** What could not be measured, and why; the rest was. */
  readonly failures: string[];
}

async function measureAll(options: Options): Promise<Measured> {
  const workspace = new Workspace(options.events, say);
  const leave = () => {
    endAll();
    workspace.remove();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      leave();
      process.exit(EXIT.interrupted);
    });
  }
  const wants = (name: string) => wanted(options, name);
  const context: Context = { workspace, entries: options.entries, wants, say };
  const measured: Measured = { figures: [], failures: [] };
  try {
    for (const group of GROUPS.filter(({ names }) => names.some(wants))) {
      await group.run(context).then(
        (figures) => measured.figures.push(...figures),
        (error) => measured.failures.push(`${group.names.filter(wants)}: ${error}`),
      );
    }
    return measured;
  } finally {
    leave();
  }
}

try {
  process.exitCode = await bench(process.argv.slice(2));
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.stack : error}`);
  process.exitCode = EXIT.failed;
}
