import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';

/** Prometheus without a token, on this machine only. */
const HOST = '127.0.0.1';

/**
 * Serves the metrics at `http://127.0.0.1:<port>/metrics`.
 * @throws {MetricsPortTaken}
 * @param onError hears of what fails later
 */
export async function listenMetrics(
  metrics: Registry,
  port: number,
  onError: (error: unknown) => void,
): Promise<{ close(): Promise<void> }> {
  const server = createServer((request, response) => {
    answer(metrics, request, response).catch((error) => {
      onError(error);
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(taken(error, port)));
    server.listen(port, HOST, resolve);
  });
  server.on('error', onError);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  metrics: Registry,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.url !== '/metrics') {
    response.writeHead(404).end();
    return;
  }
  const text = await metrics.metrics();
  response.writeHead(200, { 'content-type': metrics.contentType }).end(text);
}

/** Another program listens there, or the port may not be used. */
export class MetricsPortTaken extends Error {
  override readonly name = 'MetricsPortTaken';
}

const taken = (cause: Error, port: number): MetricsPortTaken =>
  new MetricsPortTaken(
    `cannot serve metrics on ${HOST}:${port} (${cause.message}): choose another port with METRICS_PORT`,
    { cause },
  );
