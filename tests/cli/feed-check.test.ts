import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, run, temporaryFolder } from '../support/program.ts';

/** `feed check` on calendars of others. */

const SOUND = [
  'BEGIN:VCALENDAR',
  'VERSION:2.0',
  'PRODID:-//Somebody//Something//EN',
  'BEGIN:VEVENT',
  'UID:1@example.org',
  'DTSTAMP:20211121T200000Z',
  'DTSTART:20220610T100000Z',
  'END:VEVENT',
  'END:VCALENDAR',
  '',
].join('\r\n');
const BROKEN = SOUND.replace('UID:1@example.org\r\n', '').replace('2.0\r\n', '2.0\n');
const WARNED = SOUND.replace('VERSION', 'METHOD:PUBLISH\r\nVERSION');

const folder = temporaryFolder('feed-check-');
let server: Server;
let base: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === '/moved.ics') {
      response.writeHead(302, { location: '/login' }).end();
    } else if (request.url === '/typeless.ics') response.end(SOUND);
    else response.writeHead(200, { 'content-type': 'text/calendar' }).end(BROKEN);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  folder.remove();
});

const check = (...args: string[]) => call(['feed', 'check', ...args]);

describe('feed check', () => {
  test('of a sound file is fine', async () => {
    const file = join(folder.path, 'sound.ics');
    writeFileSync(file, SOUND);
    expect(await check(file)).toMatchObject({
      code: 0,
      stdout: '0 errors, 0 warnings\n',
      stderr: '',
    });
  });

  test('names line, rule and fault, and fails on errors', async () => {
    const file = join(folder.path, 'broken.ics');
    writeFileSync(file, BROKEN);
    expect(await check(file)).toMatchObject({
      code: 1,
      stdout: [
        'line 2: error crlf: the line does not end in CRLF',
        'line 4: error required: VEVENT needs exactly one UID, it has 0',
        '2 errors, 0 warnings',
        '',
      ].join('\n'),
    });
  });

  test('does not fail on warnings', async () => {
    const got = await run(['feed', 'check', '-'], { input: WARNED });
    expect(got).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^line 2: warning forbidden/),
    });
    expect(got.stdout).toContain('0 errors, 1 warning\n');
  });

  test('asks an address of this machine', async () => {
    expect(await check(`${base}/a.ics`)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('2 errors'),
    });
    expect((await check(`${base}/typeless.ics`)).stdout).toContain('warning content-type: none');
  });

  test.each([
    ['a redirect', () => `${base}/moved.ics`, 'answers 302'],
    [
      'a host that was not allowed',
      () => 'https://calendar.example.org/a.ics',
      '--allow calendar.example.org',
    ],
    ['a port where nobody listens', () => 'http://127.0.0.1:9/a.ics', 'does not answer'],
    ['a file that is not there', () => join(folder.path, 'none.ics'), 'none.ics'],
  ])('%s is one line and exit code 1', async (_, source, told) => {
    const { code, stdout, stderr } = await check(source());
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(told);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  test('without a source is wrong usage', async () => {
    expect((await check()).code).toBe(2);
  });
});
