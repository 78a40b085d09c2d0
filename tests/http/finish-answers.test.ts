import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { finishAnswers } from '../../src/http/finish-answers.ts';
import { askRaw } from './support/ask.ts';
import { openWorld } from './support/world.ts';

/** More than the system takes in for a connection whose reader does not read. */
const LENGTH = 32 * 1024 * 1024;

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

async function serve(listener: RequestListener) {
  const server = createServer(listener);
  servers.push(server);
  const answers = finishAnswers(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = () => {
    answers.begin();
    return new Promise((resolve) => server.close(resolve));
  };
  return { port, close };
}

async function ask(port: number, text: string): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' });
  await once(socket, 'connect');
  socket.write(text);
  return socket;
}

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

describe('a server that closes', () => {
  test('sends an answer to the end, however slowly it is read', async () => {
    const { port, close } = await serve((_request, response) => {
      response.end(Buffer.alloc(LENGTH, 'x'));
    });
    const socket = await ask(port, GET);
    let got = 0;
    const head = await new Promise<string>((resolve) => {
      socket.once('data', (chunk: Buffer) => {
        socket.pause();
        got += chunk.length;
        resolve(chunk.toString('latin1'));
      });
    });
    const closed = close();
    socket.on('data', (chunk: Buffer) => {
      got += chunk.length;
    });
    socket.resume();
    await once(socket, 'end');
    expect(got).toBe(head.indexOf('\r\n\r\n') + 4 + LENGTH);
    await closed;
  });

  test('says on answers that it still gives that their connection ends', async () => {
    const begun = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const { port, close } = await serve(async (_request, response) => {
      begun.resolve();
      await go.promise;
      response.end('late');
    });
    const answer = askRaw(port, GET);
    await begun.promise;
    const closed = close();
    go.resolve();
    expect(await answer).toContain('\r\nconnection: close\r\n');
    await closed;
  });

  test('closes at once what waits for no answer', async () => {
    const { port, close } = await serve((_request, response) => {
      response.end('done');
    });
    const socket = await ask(port, GET);
    await once(socket, 'data');
    const ended = once(socket, 'end');
    await Promise.all([close(), ended]);
  });
});

test.each([
  ['the server closes', () => {}],
  [
    'it closes on a machine that stalls',
    () => {
      let ms = performance.now();
      vi.spyOn(performance, 'now').mockImplementation(() => {
        ms += 1_000;
        return ms;
      });
    },
  ],
])(
  'requests that have arrived are answered, though nobody has read them when %s',
  async (_, stalls) => {
    const world = await openWorld();
    const sockets = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const socket = connect({ port: world.port, host: '127.0.0.1' });
        await once(socket, 'connect');
        return socket;
      }),
    );
    const answers = sockets.map((socket) => {
      socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
      return text(socket).catch((error: Error) => error.message);
    });
    stalls();
    await world.close();
    vi.restoreAllMocks();
    for (const answer of await Promise.all(answers)) expect(answer).toMatch(/^HTTP\/1.1 200 /);
  },
);
