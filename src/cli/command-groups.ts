import type { Command } from 'commander';

/**
 * For a command that only has others: called without one it prints its help, which is the cure, and of one that
 * does not exist it says which there are. Call it when the others are added.
 */
export function requireCommand(group: Command): void {
  group
    .argument('[command]')
    // What comes after a command that does not exist is not the mistake.
    .allowExcessArguments()
    .action((command: string | undefined) => {
      if (command === undefined) group.help({ error: true });
      const before = group.parent === null ? '' : `${group.name()} `;
      const known = group.commands.map((each) => each.name()).join(', ');
      const asked = JSON.stringify(`${before}${command}`);
      group.error(`there is no command ${asked}: there are ${known}`);
    });
}
