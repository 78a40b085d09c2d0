import { type Command, InvalidArgumentError, Option } from 'commander';
import { CLASSIFICATIONS } from '../../events/values.ts';
import { loadConfig } from '../config.ts';
import { requireCommand } from './command-groups.ts';
import type { FeedFields } from './feed.ts';

const GRACE_DAYS = 7;
const MOST_GRACE_DAYS = 365;

/** `feed create`, `list`, `show`, `change`, `delete`, `rotate`, `revoke` and `check`. */
export function addFeeds(program: Command, done: (exit: number) => void): void {
  const feed: Command = program
    .command('feed')
    .description('save, list, change and close feeds, and check any calendar; needs no server')
    .helpOption('--help', 'say how it is used')
    .helpCommand(false)
    .usage('<create|list|show|change|delete|rotate|revoke|check> [options]');
  addWriting(feed, done);
  addReading(feed, done);
  addEnding(feed, done);
  addCheck(feed, done);
  requireCommand(feed);
}

const several = (value: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  value,
];

const withFields = (command: Command): Command =>
  command
    .helpOption('--help', 'say how it is used')
    .addOption(
      new Option('--ceiling <level>', 'private: the highest classification in it').choices([
        ...CLASSIFICATIONS,
      ]),
    )
    .option('--filter <name=value>', 'as of lists, such as country=CH; may be repeated', several)
    .option('--option <name=value>', 'such as past=30; may be repeated', several);

function addWriting(feed: Command, done: (exit: number) => void): void {
  withFields(feed.command('create'))
    .description('save a feed and print its address, of a private one this once')
    .requiredOption('--name <name>', 'what calendar programs call it')
    .option('--id <id>', 'part of the address of a public one (default: generated)')
    .option('--private', 'only who has its address gets it')
    .option('--expires <instant>', 'private: when its address ends (default: never)')
    .action(async (options: FeedFields) => {
      const { createFeed } = await import('./feed.ts');
      done(await createFeed(loadConfig(process.env), options));
    });
  withFields(feed.command('change'))
    .description(
      'change a feed, whose address stays; filters, if any is given, all at once, and so options',
    )
    .argument('<id>', 'as listed')
    .option('--name <name>', 'what calendar programs call it')
    .option('--expires <instant>', 'private: when its address ends, or never')
    .action(async (id: string, options: FeedFields) => {
      const { changeFeed } = await import('./feed.ts');
      done(await changeFeed(loadConfig(process.env), id, options));
    });
}

function addReading(feed: Command, done: (exit: number) => void): void {
  feed
    .command('list')
    .description('list feeds with kind, state and last fetch')
    .helpOption('--help', 'say how it is used')
    .action(async () => {
      const { listFeeds } = await import('./feed.ts');
      done(await listFeeds(loadConfig(process.env)));
    });
  feed
    .command('show')
    .description('print one feed as JSON')
    .argument('<id>', 'as listed')
    .helpOption('--help', 'say how it is used')
    .action(async (id: string) => {
      const { showFeed } = await import('./feed.ts');
      done(await showFeed(loadConfig(process.env), id));
    });
}

function addEnding(feed: Command, done: (exit: number) => void): void {
  feed
    .command('rotate')
    .description('give a private feed another address and print it, this once')
    .argument('<id>', 'as listed')
    .option(
      '--grace-days <n>',
      'how long the old address works on; 0: not at all',
      days,
      GRACE_DAYS,
    )
    .helpOption('--help', 'say how it is used')
    .action(async (id: string, { graceDays }: { graceDays: number }) => {
      const { rotateFeed } = await import('./feed.ts');
      done(await rotateFeed(loadConfig(process.env), id, graceDays));
    });
  for (const [name, how, description] of [
    ['revoke', 'revoke', 'end every address of a private feed at once; the feed stays'],
    ['delete', 'remove', 'delete a feed for ever'],
  ] as const) {
    feed
      .command(name)
      .description(description)
      .argument('<id>', 'as listed')
      .helpOption('--help', 'say how it is used')
      .action(async (id: string) => {
        const { endFeed } = await import('./feed.ts');
        done(await endFeed(loadConfig(process.env), id, how));
      });
  }
}

function days(text: string): number {
  if (/^\d{1,3}$/.test(text) && Number(text) <= MOST_GRACE_DAYS) return Number(text);
  throw new InvalidArgumentError(`give a whole number from 0 to ${MOST_GRACE_DAYS}`);
}

function addCheck(feed: Command, done: (exit: number) => void): void {
  feed
    .command('check')
    .description("check a calendar's bytes by RFC 5545 and by what calendar programs trip over")
    .argument('<source>', 'a file, - for standard input, or an address')
    .option('--allow <host>', 'a host that may be asked besides this machine', several)
    .helpOption('--help', 'say how it is used')
    .action(async (source: string, { allow = [] }: { allow?: readonly string[] }) => {
      const { checkFeed } = await import('./feed-check.ts');
      done(await checkFeed(source, allow));
    });
}
