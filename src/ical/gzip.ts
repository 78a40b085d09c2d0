/**
 * One gzip member (RFC 1952 §2.3) of parts that were compressed apart, so that a change costs the
 * compression of one part. Members put one after the other would be a gzip file too (§2.2), but some HTTP
 * clients stop after the first.
 */
export interface Deflated {
  /** Whole DEFLATE blocks (RFC 1951 §3.2.3), none of them marked as the last, that end at an octet. */
  readonly blocks: Buffer;
  /** Of the plain bytes. */
  readonly crc: number;
  readonly plainLength: number;
}

/** No name, no time, so that the same parts give the same bytes; OS unknown. */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
/** An empty block marked as the last. */
const LAST_BLOCK = Buffer.from([3, 0]);

/** The member in order: header, the parts' own buffers, trailer. */
export function gzipMember(parts: readonly Deflated[]): readonly Buffer[] {
  let crc = 0;
  let length = 0;
  for (const part of parts) {
    crc = joinedCrc(crc, part.crc, part.plainLength);
    length += part.plainLength;
  }
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc, 0);
  trailer.writeUInt32LE(length % 2 ** 32, 4);
  return [HEADER, ...parts.map(({ blocks }) => blocks), LAST_BLOCK, trailer];
}

/** RFC 1952 §8, bits reversed: the highest bit stands for x^0. */
const POLYNOMIAL = 0xedb88320;
const X = 1 << 30;

/** CRC-32 of a text from those of its two halves: the first is carried past the second's length. */
const joinedCrc = (first: number, second: number, secondLength: number): number =>
  (times(powerOfX(secondLength * 8), first) ^ second) >>> 0;

/** x^exponent modulo the polynomial, by squaring. */
function powerOfX(exponent: number): number {
  let result = 1 << 31;
  let square = X;
  for (let left = exponent; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result = times(square, result);
    square = times(square, square);
  }
  return result;
}

/** The product of two polynomials over GF(2), modulo the polynomial. */
function times(a: number, b: number): number {
  let product = 0;
  let shifted = b;
  for (let bit = 31; bit >= 0; bit -= 1) {
    if ((a >>> bit) & 1) product ^= shifted;
    shifted = shifted & 1 ? (shifted >>> 1) ^ POLYNOMIAL : shifted >>> 1;
  }
  return product;
}
