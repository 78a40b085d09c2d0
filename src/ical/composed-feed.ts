import type { Edition } from '../../projections/feeds.ts';
import { beginning } from './entry.ts';
import { type Deflated, gzipMember } from './gzip.ts';
import { bytesIn, type Encoding, KeptBytes } from './kept-bytes.ts';
import type { Bucket, Kept, Machine } from './shelf.ts';

/** What a feed needs from the machine: given in, so that this folder stays free of I/O. */
export interface FeedTools extends Machine {
  /** Whole DEFLATE blocks, none marked as the last, that end at an octet; off the event loop. */
  readonly deflate: (bytes: Buffer) => Promise<Buffer>;
  readonly crc32: (bytes: Buffer) => number;
}

/** A composed feed. The same rows and request give the same bytes, on any node. */
export interface Feed {
  /** Bytes in all. */
  readonly length: number;
  /**
   * Strong, quoted (RFC 9110 §8.8.3): a SHA-256 over those of the head and of each entry, run by run. The
   * bytes alone say where these end, so it is the same exactly when they are.
   */
  readonly etag: string;
  readonly count: number;
  /** The bytes in order. Put together at the first call, and kept while there is room; never to be written to. */
  plain(): Promise<readonly Buffer[]>;
  /** The same compressed. */
  gzip(): Promise<readonly Buffer[]>;
  /** Either, if it is at hand. */
  kept(encoding: Encoding): readonly Buffer[] | undefined;
  /**
   * Either as copies, for whoever keeps them in another thread. Until `release` they count here as kept; the plain
   * ones are not kept here as well.
   */
  handOver(encoding: Encoding): Promise<readonly Uint8Array<ArrayBuffer>[]>;
  /** Bytes kept in both. */
  keptBytes(): number;
  /** Keeps them no longer; they are made again when asked for. @returns how many they were */
  release(): number;
}

/** Entries of neighbouring buckets as one run of bytes. */
export interface Part {
  readonly slots: readonly Bucket[];
  /** Of the address; undefined: they are as they lie in the buckets. */
  readonly edition?: Edition | undefined;
  readonly length: number;
  readonly digest: string;
  readonly zones: readonly string[];
  /** Made when they are asked for. */
  bytes?: Buffer;
  deflated?: Promise<Deflated>;
}

export class ComposedFeed implements Feed {
  readonly length: number;
  readonly etag: string;
  readonly count: number;
  readonly #tools: FeedTools;
  readonly #parts: readonly Part[];
  readonly #bytes = new KeptBytes();
  readonly #handedOver = new Map<Encoding, number>();

  constructor(tools: FeedTools, parts: readonly Part[], count: number, etag: string) {
    this.#tools = tools;
    this.#parts = parts;
    this.count = count;
    this.etag = etag;
    this.length = parts.reduce((sum, part) => sum + part.length, 0);
  }

  plain(): Promise<readonly Buffer[]> {
    return this.#bytes.get('plain', () => joined(this.#tools, this.#parts));
  }

  gzip(): Promise<readonly Buffer[]> {
    return this.#bytes.get('gzip', () => zipped(this.#tools, this.#parts));
  }

  kept(encoding: Encoding): readonly Buffer[] | undefined {
    return this.#bytes.atHand(encoding);
  }

  async handOver(encoding: Encoding): Promise<readonly Uint8Array<ArrayBuffer>[]> {
    const copies =
      encoding === 'plain'
        ? await copied(this.#tools, this.#parts)
        : (await this.gzip()).map((buffer) => new Uint8Array(buffer));
    this.#handedOver.set(encoding, bytesIn(copies));
    return copies;
  }

  keptBytes(): number {
    let sum = this.#bytes.length;
    for (const bytes of this.#handedOver.values()) sum += bytes;
    return sum;
  }

  release(): number {
    const bytes = this.keptBytes();
    this.#bytes.clear();
    this.#handedOver.clear();
    for (const part of this.#parts) {
      delete part.deflated;
      // Head and foot were never made of entries.
      if (part.slots.length > 0) delete part.bytes;
    }
    return bytes;
  }
}

async function joined(tools: FeedTools, parts: readonly Part[]): Promise<readonly Buffer[]> {
  const buffers: Buffer[] = [];
  for (const part of parts) {
    if (part.bytes === undefined && tools.due()) await tools.pause();
    part.bytes ??= Buffer.from(bytesOf(part).buffer);
    buffers.push(part.bytes);
  }
  return buffers;
}

/** The same as copies that nothing else holds on to. */
async function copied(tools: FeedTools, parts: readonly Part[]) {
  const copies: Uint8Array<ArrayBuffer>[] = [];
  for (const part of parts) {
    if (tools.due()) await tools.pause();
    copies.push(part.bytes === undefined ? bytesOf(part) : new Uint8Array(part.bytes));
  }
  return copies;
}

/** One part after the other: a large feed does not take all threads. */
async function zipped(tools: FeedTools, parts: readonly Part[]): Promise<readonly Buffer[]> {
  const deflated: Deflated[] = [];
  for (const part of parts) deflated.push(await deflatedOf(tools, part));
  return gzipMember(deflated);
}

function deflatedOf(tools: FeedTools, part: Part): Promise<Deflated> {
  if (part.deflated !== undefined) return part.deflated;
  // Not kept for this alone.
  const bytes = part.bytes ?? Buffer.from(bytesOf(part).buffer);
  part.deflated = tools.deflate(bytes).then(
    (blocks) => ({ blocks, crc: tools.crc32(bytes), plainLength: bytes.length }),
    (error: unknown) => {
      delete part.deflated;
      throw error;
    },
  );
  return part.deflated;
}

/** Made anew, in memory that is theirs alone. */
function bytesOf({ slots, edition, length }: Part): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const entry of slots.flat()) {
    const shown = inEdition(entry, edition);
    bytes.set(shown, at);
    at += shown.length;
  }
  return bytes;
}

/** An entry as an address of that edition shows it. */
export function inEdition({ identity, bytes }: Kept, edition: Edition | undefined): Buffer {
  if (edition === undefined) return bytes;
  return Buffer.concat([Buffer.from(beginning(identity, edition)), bytes.subarray(identity.end)]);
}
