import { createServer } from 'node:http';
import type { Registry } from 'prom-client';

/** Prometheus without a token, on this machine only. */
const HOST = '127.0.0.1';

/**
 * Serves the metrics at `http://127.0.0.1:<port>/metrics`.
 * @throws the system's error when the port is taken
 */
export async function listenMetrics(
  metrics: Registry,
  port: number,
): Promise<{ close(): Promise<void> }> {
  const server = createServer(async (request, response) => {
    if (request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    const text = await metrics.metrics();
    response.writeHead(200, { 'content-type': metrics.contentType }).end(text);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, resolve);
  });
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
