import { WireServer } from '../../tests/support/wire/server.ts';
import { answer } from './answer.ts';

/** A server that speaks the database's protocol, for machines without a real one. */
const methods = { start: async (): Promise<string> => (await WireServer.start()).url };
export type ClusterServerJob = typeof methods;
answer(methods);
