import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT, run, startServer, temporaryFolder } from '../support/program.ts';
import { walkOperations } from './support/operations.ts';

const NAME = 'Bashar al-Assad';
const MEETING = '/meetings/assad-russian-delegation-2021-11-17';

it('rids a store and its backup of a name as docs/operations.md shows', async () => {
  const folder = temporaryFolder('redaction-');
  const env = { DATA_DIR: folder.path };
  const dossier = join(ROOT, 'examples/constitutional-committee.json');
  expect((await run(['import', dossier], { env })).code).toBe(0);
  expect((await run(['backup', join(folder.path, 'backup.db')], { env })).code).toBe(0);
  const said = await walkOperations('redact', folder.path, env);
  expect(said).toMatch(/^(Nothing has to be done|It can serve)/m);
  const server = await startServer(env);
  const meeting = await (await fetch(`${server.url}${MEETING}`)).json();
  expect(meeting).toMatchObject({ participants: [{ name: '[redacted]' }, {}] });
  await server.stop();
  expect(existsSync(join(folder.path, 'backup.db'))).toBe(false);
  const files = globSync('**/*.db*', { cwd: folder.path });
  expect(files).toContain('backup-redacted.db');
  expect(files).toContain('chancery.db');
  const holding = files.filter((file) => readFileSync(join(folder.path, file)).includes(NAME));
  expect(holding).toEqual([]);
  folder.remove();
});
