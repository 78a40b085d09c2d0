/** The part of autocannon's interface that the benchmark uses; the package brings no types. */
declare module 'autocannon' {
  interface Request {
    path?: string;
    setupRequest?(request: Request): Request;
  }

  interface Client {
    /** Collects each answer's body as a string. */
    pipelinedRequests: { addBody(body: Buffer): void };
  }

  interface Options {
    url: string;
    connections: number;
    /** Seconds. */
    duration: number;
    /** Milliseconds between two looks at whether the time is over. */
    sampleInt: number;
    method?: string;
    headers?: Record<string, string>;
    body?: string;
    requests?: Request[];
    /** Called for each connection. */
    setupClient?(client: Client): void;
  }

  interface Result {
    /** Seconds. */
    duration: number;
    errors: number;
    statusCodeStats: Record<string, { count: number }>;
  }

  export default function autocannon(options: Options): Promise<Result>;
}
