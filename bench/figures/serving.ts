import type { Context } from '../harness.ts';
import type { ServerJob } from '../jobs/server.ts';
import { Job } from '../processes.ts';
import type { Log } from '../workspace.ts';

export const ADMIN_TOKEN = 'only-for-the-benchmark-0123456789abcdef';

export interface Serving extends AsyncDisposable {
  readonly url: string;
  readonly job: Job<ServerJob>;
}

/** Our server on a generated log, its clock at the log's end. */
export async function serveLog({ say }: Context, log: Log): Promise<Serving> {
  say(`opening the server on ${log.events} events`);
  const job = new Job<ServerJob>('server');
  const url = await job.ask('open', {
    folder: log.folder,
    nowMs: log.lastMs,
    adminToken: ADMIN_TOKEN,
  });
  return { url, job, [Symbol.asyncDispose]: () => job[Symbol.asyncDispose]() };
}
