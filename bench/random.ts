const QUADS = Array.from({ length: 0x10000 }, (_, n) => n.toString(16).padStart(4, '0'));

/** Seeded randomness (mulberry32): small, fast, and the same numbers on every machine. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number of 32 bits. */
  bits(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** 0 to `limit`, exclusive. */
  below(limit: number): number {
    return Math.floor((this.bits() / 2 ** 32) * limit);
  }

  chance(probability: number): boolean {
    return this.bits() / 2 ** 32 < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  /** By weight: `{ a: 3, b: 1 }` gives a three times out of four. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    const entries = Object.entries(weights) as [K, number][];
    let left = this.below(entries.reduce((sum, [, weight]) => sum + weight, 0));
    for (const [key, weight] of entries) {
      left -= weight;
      if (left < 0) return key;
    }
    return (entries[0] as [K, number])[0];
  }

  /** Hexadecimal digits, a multiple of eight. */
  hex(digits: number): string {
    let text = '';
    while (text.length < digits) {
      const bits = this.bits();
      text += `${QUADS[bits >>> 16]}${QUADS[bits & 0xffff]}`;
    }
    return text;
  }

  /** A UUID as RFC 9562 §5.4 writes a random one. */
  uuid(): string {
    const h = this.hex(32);
    const variant = '89ab'.charAt(this.below(4));
    return `${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-${variant}${h.slice(17, 20)}-${h.slice(20)}`;
  }
}
