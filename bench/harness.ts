import type { Workspace } from './workspace.ts';

/** What is measured, and how: rounds in turn, so that a busy moment hits ours and the floor alike. */

/** One line of the table. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** Measured in the same run and unit; undefined: there is none. */
  readonly floor?: number;
  /** What the floor is: `F1`, or a word. */
  readonly floorName?: string;
  readonly goal?: Goal;
}

/** `ratio`: to the floor, 1 being as good. `most`: of the value itself. */
export type Goal = { readonly ratio: number; readonly aim?: number } | { readonly most: number };

/** Figures that share their preparations. */
export interface Group {
  /** All that `run` can measure. */
  readonly names: readonly string[];
  run(context: Context): Promise<Figure[]>;
}

export interface Context {
  readonly workspace: Workspace;
  /** Sizes of feed to measure. */
  readonly entries: readonly number[];
  wants(name: string): boolean;
  say(text: string): void;
}

export const ROUNDS = 3;

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** The value that `share` of a hundred do not exceed; NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil((sorted.length * share) / 100) - 1] ?? Number.NaN;
}

/** Takes every measure once a round, in turn; the median of each. */
export async function interleaved<K extends string>(
  measures: Readonly<Record<K, () => Promise<number>>>,
  rounds = ROUNDS,
): Promise<Record<K, number>> {
  const names = Object.keys(measures) as K[];
  const taken = names.map((): number[] => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, name] of names.entries()) taken[index]?.push(await measures[name]());
  }
  const medians = names.map((name, index) => [name, median(taken[index] ?? [])]);
  return Object.fromEntries(medians) as Record<K, number>;
}

const LOWER_IS_BETTER: ReadonlySet<string> = new Set(['ms', 'MB']);

/** How near to the floor: above 1 is better than the floor, whether the unit is a rate or a time. */
export function ratioOf({ value, floor, unit }: Figure): number | undefined {
  if (floor === undefined) return undefined;
  return LOWER_IS_BETTER.has(unit) ? floor / value : value / floor;
}

export type Verdict = 'met' | 'aim met' | 'MISSED';

export function verdictOf(figure: Figure): Verdict | undefined {
  const { goal, value } = figure;
  if (goal === undefined) return undefined;
  if ('most' in goal) return value <= goal.most ? 'met' : 'MISSED';
  const ratio = ratioOf(figure) ?? 0;
  if (ratio < goal.ratio) return 'MISSED';
  return goal.aim !== undefined && ratio >= goal.aim ? 'aim met' : 'met';
}
