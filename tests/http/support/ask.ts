import { type Agent, type IncomingMessage, request } from 'node:http';
import { createConnection } from 'node:net';
import { expect } from 'vitest';
import { PROBLEMS, type ProblemCode } from '../../../src/http/problem.ts';

/** Requests over a real socket: nothing is added, followed, decoded or kept that a test did not ask for. */

export interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Uint8Array | undefined;
}

export interface Got {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly bytes: Buffer;
  json<T = Record<string, never>>(): T;
}

interface Server {
  readonly port: number;
  readonly agent: Agent;
}

/** An answer that takes longer than this is a hang. */
const PATIENCE_MS = 20_000;

/** Sends one request. `path` goes into the request line as it is, also when it is a whole address. */
export function send({ port, agent }: Server, path: string, sent: Sent): Promise<Got> {
  const { method = 'GET', headers = {}, body } = sent;
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const asked = request({ host: '127.0.0.1', port, agent, method, path, signal });
    for (const [name, value] of Object.entries(headers)) asked.setHeader(name, value);
    if (body !== undefined) asked.setHeader('content-length', Buffer.byteLength(body));
    asked.on('error', reject);
    asked.on('response', (response) => received(response).then(resolve, reject));
    asked.end(body);
  });
}

async function received(response: IncomingMessage): Promise<Got> {
  const chunks: Buffer[] = [];
  // This one has no end: who asks in this way hears that it has begun, and leaves.
  if (response.headers['content-type'] === 'text/event-stream') response.destroy();
  else for await (const chunk of response) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  const text = bytes.toString();
  return {
    status: response.statusCode ?? 0,
    headers: headersOf(response),
    bytes,
    text,
    json: <T>() => JSON.parse(text) as T,
  };
}

function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    headers.append(rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '');
  }
  return headers;
}

/** What is so for every answer, whatever was asked. */
export function checkAnswer(method: string, { status, headers, bytes, text }: Got): void {
  const length = headers.get('content-length');
  if (method !== 'HEAD' && length !== null) expect(bytes).toHaveLength(Number(length));
  if (status !== 304) expect(headers.get('x-content-type-options')).toBe('nosniff');
  if (status === 503) expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
  if (headers.get('content-type') !== 'application/problem+json') return;
  expect(headers.get('cache-control')).toBe('no-store');
  if (method !== 'HEAD') checkProblem(status, headers, JSON.parse(text));
}

interface ProblemBody {
  readonly code: ProblemCode;
  readonly [member: string]: unknown;
}

/** The header that a status owes (RFC 9110 §11.6.1, §15.5.6; RFC 6750 §3). */
const OWED: Readonly<Record<number, string>> = {
  401: 'www-authenticate',
  403: 'www-authenticate',
  405: 'allow',
};

function checkProblem(status: number, headers: Headers, problem: ProblemBody): void {
  const { code } = problem;
  const { title } = PROBLEMS[code];
  expect(problem).toMatchObject({ type: `/problems/${code}`, title, status });
  expect(PROBLEMS[code].status).toBe(status);
  expect(problem.detail).toMatch(/\S/);
  if (status === 400) expect(problem.errors).not.toHaveLength(0);
  const owed = OWED[status];
  if (owed !== undefined) expect(headers.get(owed), owed).not.toBeNull();
}

/**
 * One request as bytes, for what no client would send; the whole answer as text, when the server has ended
 * the connection. `ends`: nothing more will come, which cuts off what is not complete.
 */
export function askRaw(port: number, bytes: string | Uint8Array, ends = false): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ port, host: '127.0.0.1' });
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error('the connection was left open')));
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    // A server that has refused may reset the connection while the rest is still being sent.
    socket.on('error', (error: Error & { code?: string }) => {
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error);
    });
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
    if (ends) socket.end(bytes);
    else socket.write(bytes);
  });
}
