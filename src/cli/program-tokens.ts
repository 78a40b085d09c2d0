import { type Command, Option } from 'commander';
import { role } from '../../events/token.ts';
import { CLASSIFICATIONS } from '../../events/values.ts';
import { loadConfig } from '../config.ts';
import { requireCommand } from './command-groups.ts';
import type { TokenOptions } from './token.ts';

/** `token create`, `token list` and `token revoke`. */
export function addTokens(program: Command, done: (exit: number) => void): void {
  const token: Command = program
    .command('token')
    .description('make, list and revoke tokens; needs no server, and a running one follows')
    .helpOption('--help', 'say how it is used')
    .helpCommand(false)
    .usage('<create|list|revoke> [options]');
  token
    .command('create')
    .description('make a token and print it, this once')
    .addOption(
      new Option('--role <role>', 'what it may do').choices(role.options).default('reader'),
    )
    .addOption(
      new Option(
        '--ceiling <level>',
        'the highest classification it sees (default: internal, of an admin confidential)',
      ).choices([...CLASSIFICATIONS]),
    )
    .option('--name <name>', 'who or what it is for', 'made on the command line')
    .option('--expires <instant>', 'when it ends, such as 2030-01-01T00:00:00Z (default: never)')
    .helpOption('--help', 'say how it is used')
    .action(async (options: TokenOptions) => {
      const { createToken } = await import('./token.ts');
      done(await createToken(loadConfig(process.env), options));
    });
  token
    .command('list')
    .description('list tokens with role, ceiling and last use')
    .helpOption('--help', 'say how it is used')
    .action(async () => {
      const { listTokens } = await import('./token.ts');
      done(await listTokens(loadConfig(process.env)));
    });
  token
    .command('revoke')
    .description('make a token void for ever')
    .argument('<id>', 'as listed')
    .helpOption('--help', 'say how it is used')
    .action(async (id: string) => {
      const { revokeToken } = await import('./token.ts');
      done(await revokeToken(loadConfig(process.env), id));
    });
  requireCommand(token);
}
