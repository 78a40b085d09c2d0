import { Command, CommanderError } from 'commander';
import { loadConfig, settings } from '../config.ts';
import { VERSION } from '../version.ts';
import { requireCommand } from './command-groups.ts';
import { EXIT, explain } from './failure.ts';
import { addFeeds } from './program-feeds.ts';
import { addTokens } from './program-tokens.ts';
import { safeLines } from './terminal.ts';

/**
 * The command line: parses `args` and runs the command, each of which lives in a file of its own and is
 * loaded when it is called for.
 * @returns the exit code: 0 fine, 1 refused or failed, 2 wrong usage
 */
export async function run(args: readonly string[]): Promise<number> {
  let code: number = EXIT.fine;
  const program = describe((exit) => {
    code = exit;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    // Commander has printed what is wrong, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.fine : EXIT.usage;
    const { text, exit } = explain(error);
    process.stderr.write(`chancery: ${safeLines(text)}\n`);
    return exit;
  }
}

const EPILOGUE = `
Exit codes: 0 fine, 1 refused or failed, 2 wrong usage.
Settings are environment variables or lines of a .env file: see README.md.`;

/** `error: missing required argument 'file'` as the one line that every mistake is. */
const usageLine = (text: string): string =>
  `chancery: ${text.trim().replace(/^error: /, '')}: --help says how it is used\n`;

function describe(done: (exit: number) => void): Command {
  const program: Command = new Command('chancery')
    .description('An event-sourced diplomatic calendar: schedules over REST and iCal.')
    .version(VERSION, '--version', 'print the version')
    .helpOption('--help', 'say how it is used')
    .helpCommand(false)
    .addHelpText('after', EPILOGUE)
    .configureOutput({ outputError: (text, write) => write(usageLine(text)) })
    .exitOverride()
    .usage('[options] <command>');
  addServe(program, done);
  addImport(program, done);
  addExport(program, done);
  addRestore(program, done);
  addBackup(program, done);
  addCopy(program, done);
  addRebuild(program, done);
  addVerify(program, done);
  addTokens(program, done);
  addFeeds(program, done);
  addDoctor(program, done);
  requireCommand(program);
  return program;
}

function addServe(program: Command, done: (exit: number) => void): void {
  program
    .command('serve')
    .description('serve the calendar over HTTP until SIGTERM or SIGINT')
    .helpOption('--help', 'say how it is used')
    .option('--example', 'serve the example dossier as it looked on 22 November 2021')
    .action(async (options: { example?: boolean }) => {
      const { serve } = await import('./serve.ts');
      done(await serve(loadConfig(process.env), { example: options.example === true }));
    });
}

function addImport(program: Command, done: (exit: number) => void): void {
  program
    .command('import')
    .description('carry out the commands of a dossier; twice changes nothing; needs no server')
    .argument('<file>', 'JSON array or NDJSON of {"key","path","body"}; - reads standard input')
    .helpOption('--help', 'say how it is used')
    .action(async (file: string) => {
      const { importDossier } = await import('./import.ts');
      done(await importDossier(loadConfig(process.env), file));
    });
}

function addExport(program: Command, done: (exit: number) => void): void {
  program
    .command('export')
    .description('write all events to standard output as NDJSON, oldest first')
    .option('--reads', 'instead, the log of who read confidential entries on this node')
    .helpOption('--help', 'say how it is used')
    .action(async ({ reads }: { reads?: boolean }) => {
      const { exportEvents, exportReadings } = await import('./export.ts');
      const config = loadConfig(process.env);
      done(await (reads === true ? exportReadings(config) : exportEvents(config)));
    });
}

function addRestore(program: Command, done: (exit: number) => void): void {
  program
    .command('restore')
    .description('fill an empty store with the events of an export')
    .argument('<file>', 'NDJSON as export writes it; - reads standard input')
    .helpOption('--help', 'say how it is used')
    .action(async (file: string) => {
      const { restore } = await import('./restore.ts');
      done(await restore(loadConfig(process.env), file));
    });
}

function addBackup(program: Command, done: (exit: number) => void): void {
  program
    .command('backup')
    .description('copy the store as it is at one moment; a server may go on')
    .argument('<file>', 'where the copy goes; it must not exist')
    .option('--views', 'copy the views too, to <file>.views: a new node starts from them')
    .helpOption('--help', 'say how it is used')
    .action(async (file: string, options: { views?: boolean }) => {
      const { backup } = await import('./backup.ts');
      done(await backup(loadConfig(process.env), file, { views: options.views === true }));
    });
}

interface CopyOptions {
  readonly from: string;
  readonly to?: string;
  readonly redact?: string;
  readonly release?: boolean;
}

function addCopy(program: Command, done: (exit: number) => void): void {
  program
    .command('copy')
    .description('copy all events from one store to another; run it again to go on')
    .requiredOption(
      '--from <url>',
      'sqlite:<file> or esdb://…; an embedded one is fenced at the end',
    )
    .option('--to <url>', 'an empty store, or one that an earlier copy has filled in part')
    .option('--redact <file>', 'without the fields that it names: see docs/operations.md')
    .option('--release', 'instead, let the embedded store of --from take events again')
    .helpOption('--help', 'say how it is used')
    .action(async (options: CopyOptions) => {
      const { copy, release } = await import('./copy.ts');
      const { from, to, redact } = options;
      const env = settings(process.env);
      if ((options.release === true) === (to !== undefined)) {
        program.error('chancery: copy takes either --to or --release');
      }
      if (to === undefined && redact !== undefined) {
        program.error('chancery: copy takes --redact with --to');
      }
      done(to === undefined ? release(from, env) : await copy(from, to, env, redact));
    });
}

function addRebuild(program: Command, done: (exit: number) => void): void {
  program
    .command('rebuild')
    .description('build the views anew from the log; a running server does it while it serves')
    .option('--skip', 'set events aside that cannot be applied, instead of failing')
    .option('--prepare', 'only build views of this version beside those in use, for the next start')
    .helpOption('--help', 'say how it is used')
    .action(async ({ skip, prepare }: { skip?: boolean; prepare?: boolean }) => {
      const { rebuild } = await import('./rebuild.ts');
      const options = { skip: skip === true, prepare: prepare === true };
      done(await rebuild(loadConfig(process.env), options));
    });
}

function addVerify(program: Command, done: (exit: number) => void): void {
  program
    .command('verify')
    .description('fold the log anew and compare it with the views; a server may go on')
    .helpOption('--help', 'say how it is used')
    .action(async () => {
      const { verify } = await import('./verify.ts');
      done(await verify(loadConfig(process.env)));
    });
}

function addDoctor(program: Command, done: (exit: number) => void): void {
  program
    .command('doctor')
    .description('check configuration, store, views and clock, and say what to do')
    .helpOption('--help', 'say how it is used')
    .action(async () => {
      const { doctor } = await import('./doctor.ts');
      done(await doctor(process.env));
    });
}
