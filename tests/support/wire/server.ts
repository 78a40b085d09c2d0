import { randomUUID } from 'node:crypto';
import type {
  AppendReq,
  AppendResp,
  BatchAppendReq,
  BatchAppendResp,
} from '@eventstore/db-client/generated/streams_pb.js';
import type {
  handleBidiStreamingCall,
  handleClientStreamingCall,
  handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
} from '@grpc/grpc-js';
import { fail, listen, whenOver } from './calls.ts';
import {
  featuresPb,
  GossipService,
  gossipPb,
  grpc,
  ServerFeaturesService,
  StreamsService,
  sharedPb,
} from './driver.ts';
import { type Faults, noFaults, strikes } from './faults.ts';
import { type Appended, type Expected, type Proposed, WireLog } from './log.ts';
import * as messages from './messages.ts';
import { type ReadCall, read } from './reading.ts';

/** A server on loopback that speaks the database's own protocol, and does wrong what it is told to. */

export interface WireOptions {
  readonly log?: WireLog;
  /** 0: any that is free. */
  readonly port?: number;
  /** Whether the newer of the two append calls is there. */
  readonly batchAppend?: boolean;
  readonly saysCaughtUp?: boolean;
  /** PEM texts: the server speaks TLS. */
  readonly tls?: { readonly key: string; readonly cert: string; readonly authority: string };
  /** Whoever comes without them is turned away. */
  readonly credentials?: { readonly username: string; readonly password: string };
  readonly maxAppendSize?: number;
  /** Milliseconds that the server's clock is ahead of the caller's. */
  readonly clockAheadMs?: number;
}

interface Call {
  readonly metadata: Metadata;
  emit(event: 'error', error: unknown): unknown;
}

interface Pending {
  readonly stream: string;
  readonly expected: Expected;
  readonly events: Proposed[];
  /** Its deadline lies behind the server's own clock. */
  readonly late: boolean;
}

export class WireServer {
  readonly faults: Faults = noFaults();
  log: WireLog;
  readonly #options: WireOptions;
  readonly #open = new Set<Call>();
  readonly #subscriptions = new Set<ReadCall>();
  #server: Server | undefined;
  #port: number;
  /** Calls of each kind since the start. */
  readonly calls = { read: 0, subscribe: 0, append: 0, batchAppend: 0, gossip: 0 };

  private constructor(options: WireOptions) {
    this.#options = options;
    this.#port = options.port ?? 0;
    this.log = options.log ?? new WireLog();
  }

  static async start(options: WireOptions = {}): Promise<WireServer> {
    const server = new WireServer(options);
    await server.start();
    return server;
  }

  get port(): number {
    return this.#port;
  }

  /** The address, as STORE_URL has it. */
  get url(): string {
    return `esdb://127.0.0.1:${this.#port}?tls=${this.#options.tls !== undefined}`;
  }

  /** Calls that are open now. */
  get open(): number {
    return this.#open.size;
  }

  get subscriptions(): number {
    return this.#subscriptions.size;
  }

  /** Listens, again on the same port after it was killed. */
  async start(): Promise<void> {
    const server = new grpc.Server({ 'grpc.max_receive_message_length': 64 * 1024 * 1024 });
    server.addService(StreamsService, {
      read: (call: ReadCall) => this.#read(call),
      append: this.#append,
      batchAppend: this.#batchAppend,
    });
    server.addService(ServerFeaturesService, { getSupportedMethods: this.#features });
    server.addService(GossipService, { read: this.#gossip });
    this.#port = await listen(server, this.#port, this.#serverCredentials());
    this.#server = server;
  }

  /** Gone at once, with every connection. */
  kill(): void {
    this.#server?.forceShutdown();
    this.#server = undefined;
    this.#open.clear();
    this.#subscriptions.clear();
  }

  remove(): void {
    this.kill();
  }

  /** @returns what sets it back to where it is now, while it is down */
  backup(): () => void {
    const count = this.log.events.length;
    return () => {
      this.log = this.log.asOf(count);
    };
  }

  /** Ends every subscription without an error. */
  endSubscriptions(): void {
    for (const call of [...this.#subscriptions]) call.end();
  }

  /** Breaks every subscription. */
  breakSubscriptions(): void {
    for (const call of [...this.#subscriptions]) fail(call, grpc.status.UNAVAILABLE, 'broken');
  }

  #serverCredentials(): ServerCredentials {
    const { tls } = this.#options;
    if (tls === undefined) return grpc.ServerCredentials.createInsecure();
    const pair = { private_key: Buffer.from(tls.key), cert_chain: Buffer.from(tls.cert) };
    return grpc.ServerCredentials.createSsl(null, [pair]);
  }

  /** Whether a call may go on; one that may not is answered here, or never. */
  #admit(call: Call & NodeJS.EventEmitter): boolean {
    this.#open.add(call);
    whenOver(call, () => this.#open.delete(call));
    if (this.faults.frozen) return false;
    const { credentials } = this.#options;
    if (credentials !== undefined) {
      const { username, password } = credentials;
      const sent = String(call.metadata.get('authorization')[0] ?? '');
      if (sent !== `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`) {
        fail(call, grpc.status.UNAUTHENTICATED, 'Unauthenticated');
        return false;
      }
    }
    const { leader } = this.faults;
    if (leader === undefined || call.metadata.get('requires-leader')[0] !== 'true') return true;
    const trailer = new grpc.Metadata();
    trailer.set('exception', 'not-leader');
    trailer.set('leader-endpoint-host', leader.address);
    trailer.set('leader-endpoint-port', String(leader.port));
    fail(call, grpc.status.NOT_FOUND, 'Leader info available', trailer);
    return false;
  }

  #read(call: ReadCall): void {
    const subscription = call.request.getOptions()?.hasSubscription() === true;
    this.calls[subscription ? 'subscribe' : 'read'] += 1;
    if (!this.#admit(call)) return;
    if (subscription) {
      this.#subscriptions.add(call);
      whenOver(call, () => this.#subscriptions.delete(call));
    }
    const saysCaughtUp = this.#options.saysCaughtUp ?? true;
    const server = { log: this.log, faults: this.faults, saysCaughtUp };
    read(server, call).catch((error) => fail(call, grpc.status.UNKNOWN, String(error)));
  }

  readonly #append: handleClientStreamingCall<AppendReq, AppendResp> = (call, answer) => {
    this.calls.append += 1;
    if (!this.#admit(call)) return;
    let stream = '';
    let expected: Expected = 'any';
    const events: Proposed[] = [];
    call.on('data', (request: AppendReq) => {
      const options = request.getOptions();
      if (options !== undefined) {
        stream = messages.nameOf(options.getStreamIdentifier());
        expected = messages.expectedOf(options);
      }
      const message = request.getProposedMessage();
      if (message !== undefined) events.push(messages.proposedOf(message));
    });
    call.on('end', () => {
      const allowed = this.#options.maxAppendSize ?? MAX_APPEND_SIZE;
      if (sizeOf(events) > allowed) {
        const trailer = new grpc.Metadata();
        trailer.set('exception', 'maximum-append-size-exceeded');
        trailer.set('maximum-append-size', String(allowed));
        answer({ code: grpc.status.INVALID_ARGUMENT, details: 'too large', metadata: trailer });
        return;
      }
      this.#carryOut(call, stream, expected, events, (result) =>
        answer(null, messages.appendAnswer(result)),
      );
    });
  };

  readonly #batchAppend: handleBidiStreamingCall<BatchAppendReq, BatchAppendResp> = (call) => {
    this.calls.batchAppend += 1;
    if (!this.#admit(call)) return;
    const pending = new Map<string, Pending>();
    call.on('data', (request: BatchAppendReq) => {
      const append = this.#gather(request, pending);
      if (append === undefined) return;
      const { stream, expected, events } = append;
      const answer = (fill: (answer: BatchAppendResp) => void) =>
        call.write(messages.batchAnswer(request, stream, fill));
      const allowed = this.#options.maxAppendSize ?? MAX_APPEND_SIZE;
      if (append.late) answer(messages.timedOut());
      else if (sizeOf(events) > allowed) answer(messages.tooLarge(allowed));
      else {
        this.#carryOut(call, stream, expected, events, (result) =>
          answer(messages.batchResult(result)),
        );
      }
    });
    call.on('end', () => call.end());
  };

  /** The append, once all of it is there. */
  #gather(request: BatchAppendReq, pending: Map<string, Pending>): Pending | undefined {
    const id = messages.idOf(request.getCorrelationId());
    const options = request.getOptions();
    if (options !== undefined) {
      const now = Date.now() + (this.#options.clockAheadMs ?? 0);
      pending.set(id, {
        stream: messages.nameOf(options.getStreamIdentifier()),
        expected: messages.expectedOf(options),
        events: [],
        late: (options.getDeadline()?.toDate().getTime() ?? now + 1) <= now,
      });
    }
    const append = pending.get(id);
    append?.events.push(...request.getProposedMessagesList().map(messages.proposedOf));
    if (!request.getIsFinal()) return undefined;
    pending.delete(id);
    return append;
  }

  #carryOut(
    call: Call,
    stream: string,
    expected: Expected,
    events: readonly Proposed[],
    answer: (result: Appended) => void,
  ): void {
    if (this.faults.frozen || strikes(this.faults, 'silentAppends')) return;
    const result = this.log.append(stream, expected, events);
    if (strikes(this.faults, 'lostReplies')) return;
    if (strikes(this.faults, 'brokenReplies')) fail(call, grpc.status.UNAVAILABLE, 'broken');
    else answer(result);
  }

  readonly #features: handleUnaryCall<unknown, unknown> = (call, answer) => {
    if (this.faults.frozen) return;
    if (this.#options.batchAppend === false) {
      answer({
        code: grpc.status.UNIMPLEMENTED,
        details: 'an older server',
        metadata: call.metadata,
      });
      return;
    }
    const method = new featuresPb.SupportedMethod();
    method.setServiceName('event_store.client.streams.streams');
    method.setMethodName('batchappend');
    const supported = new featuresPb.SupportedMethods();
    supported.setEventStoreServerVersion('24.6.0');
    supported.setMethodsList([method]);
    answer(null, supported);
  };

  /** Members of the cluster that this server knows; by default itself, the leader. */
  members: { readonly port: number; readonly leader: boolean }[] = [];

  readonly #gossip: handleUnaryCall<unknown, unknown> = (_call, answer) => {
    this.calls.gossip += 1;
    if (this.faults.frozen) return;
    const known = this.members.length > 0 ? this.members : [{ port: this.port, leader: true }];
    const info = new gossipPb.ClusterInfo();
    info.setMembersList(
      known.map(({ port, leader }) => {
        const endpoint = new gossipPb.EndPoint();
        endpoint.setAddress('127.0.0.1');
        endpoint.setPort(port);
        const id = new sharedPb.UUID();
        id.setString(randomUUID());
        const member = new gossipPb.MemberInfo();
        member.setInstanceId(id);
        member.setTimeStamp('0');
        member.setState(leader ? 8 : 6);
        member.setIsAlive(true);
        member.setHttpEndPoint(endpoint);
        return member;
      }),
    );
    answer(null, info);
  };
}

/** A server's default. */
const MAX_APPEND_SIZE = 1_048_576;

const sizeOf = (events: readonly Proposed[]): number =>
  events.reduce(
    (sum, { data, metadata, type }) => sum + data.length + metadata.length + 2 * type.length,
    0,
  );
