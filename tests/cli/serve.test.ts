import { expect, test } from 'vitest';
import { startServer, temporaryFolder } from '../support/program.ts';

test('a server that listens everywhere says addresses that can be opened', async () => {
  const folder = temporaryFolder('serve-');
  const env = { HOST: '0.0.0.0', PUBLIC_URL: 'https://calendar.example.org/desk' };
  const server = await startServer({ DATA_DIR: folder.path, ...env });
  try {
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    expect(server.output().stderr).toContain(
      '\nSubscribe: https://calendar.example.org/desk/calendar.ics\n',
    );
  } finally {
    await server.stop();
    folder.remove();
  }
});
