import { afterAll, describe } from 'vitest';
import { Database, SERVER_COMMAND } from '../../support/real/database.ts';
import { storeContract } from '../contract.ts';
import { realLog, wireLog } from './support.ts';

storeContract('a cluster that takes appends in one stream', wireLog());
storeContract(
  'an older cluster: an append a call, and nobody says when all is said',
  wireLog({ batchAppend: false, saysCaughtUp: false }),
);
storeContract(
  'a cluster that is asked for its leader',
  wireLog({}, ({ port }) => `esdb+discover://127.0.0.1:${port}?tls=false`),
);

/** `npm run test:store` runs the same against a real server: one that is there, or one that it starts. */
const url = process.env.ESDB_TEST_URL ?? '';
if (url !== '') storeContract('a real server', realLog(url));

if (SERVER_COMMAND !== '') {
  describe('one of our own', () => {
    let server: Promise<Database> | undefined;
    const started = async (): Promise<Database> => {
      const database = await Database.prepare();
      await database.start();
      return database;
    };
    afterAll(async () => (await server)?.remove());
    storeContract('a real server', async () => {
      server ??= started();
      return await realLog((await server).url)();
    });
  });
}
