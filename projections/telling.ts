import type { Diff } from './types.ts';

/** What a change of an entry says to those who see it. */
export interface ChangeContent {
  readonly type: string;
  readonly sentence: string;
  readonly diffs: readonly Diff[];
  readonly reason: string | null;
  /** Announcements behind it; queries show those the reader may see. */
  readonly cites: readonly string[];
  readonly statedAt: string;
  /** The survivor of a merge before and after; those whom the reader sees are told. */
  readonly into?: { readonly from: string | null; readonly to: string | null };
}
