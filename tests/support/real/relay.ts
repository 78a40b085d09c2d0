import { setTimeout as delay } from 'node:timers/promises';
import type { ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import type {
  Client,
  ClientDuplexStream,
  ClientReadableStream,
  Metadata,
  Server,
  ServerDuplexStream,
  ServerReadableStream,
  ServerUnaryCall,
  ServerWritableStream,
  ServiceDefinition,
  ServiceError,
  sendUnaryData,
} from '@grpc/grpc-js';
import { fail, listen, whenOver } from '../wire/calls.ts';
import {
  GossipService,
  grpc,
  ServerFeaturesService,
  StreamsService,
  streamsPb,
} from '../wire/driver.ts';
import { type Faults, noFaults, strikes } from '../wire/faults.ts';

/**
 * Stands between the driver and a real server, hands on the calls byte by byte, and does wrong what it is told to:
 * what a wire server does by itself happens here to a real server's answers.
 */

export interface RelayOptions {
  /** Whether the newer of the two append calls is told of. */
  readonly batchAppend?: boolean;
  readonly saysCaughtUp?: boolean;
}

type Bytes = Buffer;
const raw = (bytes: Bytes): Bytes => bytes;

type Incoming = NodeJS.EventEmitter;

interface Subscription {
  end(): void;
  break(): void;
}

const BROKEN = { code: grpc.status.UNAVAILABLE, details: 'broken' };

export class Relay {
  readonly faults: Faults;
  readonly calls = { read: 0, subscribe: 0, append: 0, batchAppend: 0, gossip: 0 };
  readonly #options: RelayOptions;
  readonly #target: string;
  readonly #open = new Set<Incoming>();
  readonly #subscriptions = new Set<Subscription>();
  #server: Server | undefined;
  #client: Client | undefined;
  #port = 0;

  /** @param freeze stops what is behind it, or lets it go on */
  constructor(target: string, freeze: (frozen: boolean) => void, options: RelayOptions = {}) {
    this.#target = target;
    this.#options = options;
    this.faults = Object.defineProperty(noFaults(), 'frozen', { set: freeze });
  }

  get port(): number {
    return this.#port;
  }

  get open(): number {
    return this.#open.size;
  }

  get subscriptions(): number {
    return this.#subscriptions.size;
  }

  /** Listens, again on the same port after it was killed. */
  async start(): Promise<void> {
    const size = 64 * 1024 * 1024;
    const server = new grpc.Server({ 'grpc.max_receive_message_length': size });
    const unary = (path: string) => (call: ServerUnaryCall<Bytes, Bytes>, answer: Answer) =>
      this.#unary(path, call, answer);
    server.addService(passing(StreamsService), {
      read: this.#read,
      append: this.#append,
      batchAppend: this.#batchAppend,
    });
    server.addService(passing(ServerFeaturesService), {
      getSupportedMethods: this.#features(
        unary(pathOf(ServerFeaturesService, 'getSupportedMethods')),
      ),
    });
    server.addService(passing(GossipService), { read: unary(pathOf(GossipService, 'read')) });
    this.#port = await listen(server, this.#port, grpc.ServerCredentials.createInsecure());
    this.#server = server;
    this.#client = new grpc.Client(this.#target, grpc.credentials.createInsecure(), {
      'grpc.max_receive_message_length': size,
      // Knows of a server that is back at once, not after a pause.
      ...{ 'grpc.initial_reconnect_backoff_ms': 100, 'grpc.max_reconnect_backoff_ms': 200 },
    });
  }

  kill(): void {
    this.#server?.forceShutdown();
    this.#client?.close();
    this.#server = undefined;
    this.#open.clear();
    this.#subscriptions.clear();
  }

  endSubscriptions(): void {
    for (const subscription of [...this.#subscriptions]) subscription.end();
  }

  breakSubscriptions(): void {
    for (const subscription of [...this.#subscriptions]) subscription.break();
  }

  get #to(): Client {
    if (this.#client === undefined) throw new Error('the relay is not started');
    return this.#client;
  }

  /** Counts a call while it is open, and lets go of the server's when the caller is gone. */
  #admit(call: Incoming, server: { cancel(): void }): void {
    this.#open.add(call);
    whenOver(call, () => this.#open.delete(call));
    call.once('cancelled', () => server.cancel());
    call.once('error', () => server.cancel());
  }

  readonly #read = (call: ServerWritableStream<Bytes, Bytes>): void => {
    const request = streamsPb.ReadReq.deserializeBinary(call.request);
    const subscribes = request.getOptions()?.hasSubscription() === true;
    this.calls[subscribes ? 'subscribe' : 'read'] += 1;
    const answers = this.#to.makeServerStreamRequest(
      ...[pathOf(StreamsService, 'read'), raw, raw, call.request, handedOn(call.metadata)],
    );
    this.#admit(call, answers);
    if (subscribes) this.#hold(call, answers);
    const over = handOver(answers, call);
    this.#pass(answers, call, subscribes).then(over, () => undefined);
  };

  #hold(call: ServerWritableStream<Bytes, Bytes>, answers: ClientReadableStream<Bytes>): void {
    const held = {
      end: () => {
        answers.cancel();
        call.end();
      },
      break: () => fail(call, BROKEN.code, BROKEN.details),
    };
    this.#subscriptions.add(held);
    whenOver(call, () => this.#subscriptions.delete(held));
  }

  /** Hands on what the server says, as slowly as told. */
  async #pass(
    answers: ClientReadableStream<Bytes>,
    call: ServerWritableStream<Bytes, Bytes>,
    subscribes: boolean,
  ): Promise<void> {
    let muted = false;
    for await (const bytes of answers) {
      const answer = streamsPb.ReadResp.deserializeBinary(bytes);
      // What was kept back once is not to look like a gap: nothing comes after it.
      muted ||= subscribes && this.faults.mute;
      if (!muted) await this.#hand(answer, bytes, call);
    }
  }

  async #hand(
    answer: ReadResp,
    bytes: Bytes,
    call: ServerWritableStream<Bytes, Bytes>,
  ): Promise<void> {
    if (answer.hasCaughtUp() && this.#options.saysCaughtUp === false) return;
    if (this.faults.slowReadMs > 0 && answer.hasEvent()) await delay(this.faults.slowReadMs);
    // Tests read little: what the caller has not taken yet finds room here.
    if (!call.cancelled && !call.destroyed) call.write(bytes);
  }

  readonly #append = (call: ServerReadableStream<Bytes, Bytes>, answer: Answer): void => {
    this.calls.append += 1;
    if (strikes(this.faults, 'silentAppends')) return;
    const server = this.#to.makeClientStreamRequest<Bytes, Bytes>(
      ...[pathOf(StreamsService, 'append'), raw, raw, handedOn(call.metadata)],
      (error: ServiceError | null, bytes?: Bytes) => {
        if (strikes(this.faults, 'lostReplies')) return;
        if (strikes(this.faults, 'brokenReplies')) answer(BROKEN);
        else answer(error, bytes);
      },
    );
    this.#admit(call, server);
    call.on('data', (bytes: Bytes) => server.write(bytes));
    call.on('end', () => server.end());
  };

  readonly #batchAppend = (call: ServerDuplexStream<Bytes, Bytes>): void => {
    this.calls.batchAppend += 1;
    const server: ClientDuplexStream<Bytes, Bytes> = this.#to.makeBidiStreamRequest(
      ...[pathOf(StreamsService, 'batchAppend'), raw, raw, handedOn(call.metadata)],
    );
    this.#admit(call, server);
    call.on('data', (bytes: Bytes) => {
      if (!strikes(this.faults, 'silentAppends')) server.write(bytes);
    });
    call.on('end', () => server.end());
    server.on('data', (bytes: Bytes) => {
      if (strikes(this.faults, 'lostReplies')) return;
      if (strikes(this.faults, 'brokenReplies')) fail(call, BROKEN.code, BROKEN.details);
      else call.write(bytes);
    });
    server.on('end', handOver(server, call));
  };

  #features(known: (call: ServerUnaryCall<Bytes, Bytes>, answer: Answer) => void) {
    const older = { code: grpc.status.UNIMPLEMENTED, details: 'an older server' };
    return this.#options.batchAppend === false
      ? (_: unknown, answer: Answer) => answer(older)
      : known;
  }

  #unary(path: string, call: ServerUnaryCall<Bytes, Bytes>, answer: Answer): void {
    if (path.includes('Gossip')) this.calls.gossip += 1;
    const metadata = handedOn(call.metadata);
    const server = this.#to.makeUnaryRequest<Bytes, Bytes>(
      ...[path, raw, raw, call.request, metadata],
      (error: ServiceError | null, bytes?: Bytes) => {
        this.#open.delete(call);
        answer(error, bytes);
      },
    );
    this.#admit(call, server);
  }
}

type Answer = sendUnaryData<Bytes>;

/** The same calls, of bytes that are not looked into. */
function passing(service: ServiceDefinition): ServiceDefinition {
  const as = {
    ...{ requestSerialize: raw, requestDeserialize: raw },
    ...{ responseSerialize: raw, responseDeserialize: raw },
  };
  return Object.fromEntries(
    Object.entries(service).map(([name, method]) => [name, { ...method, ...as }]),
  );
}

function pathOf(service: ServiceDefinition, name: string): string {
  const method = service[name];
  if (method === undefined) throw new Error(`no method ${name}`);
  return method.path;
}

/** What the caller sent along, less what belongs to the connection. */
function handedOn(metadata: Metadata): Metadata {
  const copy = metadata.clone();
  for (const name of ['user-agent', 'content-type', 'te', 'grpc-accept-encoding', 'grpc-timeout']) {
    copy.remove(name);
  }
  return copy;
}

/** Makes the server's error the caller's. @returns what ends the call when there was none */
function handOver(
  server: ClientReadableStream<Bytes> | ClientDuplexStream<Bytes, Bytes>,
  call: ServerWritableStream<Bytes, Bytes> | ServerDuplexStream<Bytes, Bytes>,
): () => void {
  let failed = false;
  server.on('error', ({ code, details, metadata }: ServiceError) => {
    failed = true;
    if (!call.cancelled && !call.destroyed) fail(call, code, details, metadata);
  });
  return () => {
    if (!failed) call.end();
  };
}
