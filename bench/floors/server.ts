import type { AddressInfo } from 'node:net';
import fastify from 'fastify';

/** An answer as ours was, byte for byte. */
export interface Canned {
  readonly path: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** F2: plain fastify that sends each answer from a buffer. @returns where it listens */
export async function serveCanned(answers: readonly Canned[]): Promise<string> {
  const app = fastify();
  for (const { path, status, headers, body } of answers) {
    app.get(path, (_request, reply) => {
      reply
        .code(status)
        .headers(headers)
        .send(status === 304 ? undefined : body);
    });
  }
  await app.listen({ port: 0, host: '127.0.0.1' });
  return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
}
