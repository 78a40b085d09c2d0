import { storeContract } from '../contract.ts';
import { makeSqliteLog } from './log.ts';

storeContract('the embedded store', makeSqliteLog);
