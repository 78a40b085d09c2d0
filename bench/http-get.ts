import { get } from 'node:http';

export interface Got {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** As sent: compressed stays compressed. */
  readonly body: Buffer;
}

/** Headers that a server makes for the connection, and not for the answer. */
const OF_CONNECTION: ReadonlySet<string> = new Set(['date', 'connection', 'keep-alive']);

/** One answer, whatever its status. Rejects when nobody listens. */
export function httpGet(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Got> {
  return new Promise((resolve, reject) => {
    const request = get(url, { headers, agent: false }, async (response) => {
      try {
        const body = Buffer.concat(await response.toArray());
        const kept = Object.entries(response.headers).filter(([name]) => !OF_CONNECTION.has(name));
        resolve({
          status: response.statusCode ?? 0,
          headers: Object.fromEntries(kept.map(([name, value]) => [name, String(value)])),
          body,
        });
      } catch (error) {
        reject(error);
      }
    });
    request.on('error', reject);
  });
}
