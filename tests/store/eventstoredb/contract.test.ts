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

/** `npm run test:store` with an address runs the same against a real server. */
const url = process.env.ESDB_TEST_URL ?? '';
if (url !== '') storeContract('a real server', realLog(url));
