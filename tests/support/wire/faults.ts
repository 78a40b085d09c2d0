/** What a wire server does wrong, until it is told otherwise. Counts run down by one each time. */
export interface Faults {
  /** Appends that are neither carried out nor answered. */
  silentAppends: number;
  /** Appends that are carried out and never answered. */
  lostReplies: number;
  /** Appends that are carried out, whereupon the connection's calls break. */
  brokenReplies: number;
  /** Nothing is answered any more, as by a process that is stopped. */
  frozen: boolean;
  /** Subscriptions stay open and give nothing. */
  mute: boolean;
  /** Pause before each event that is read, in milliseconds. */
  slowReadMs: number;
  /** Calls that need the leader are sent there. */
  leader: { readonly address: string; readonly port: number } | undefined;
}

export const noFaults = (): Faults => ({
  silentAppends: 0,
  lostReplies: 0,
  brokenReplies: 0,
  frozen: false,
  mute: false,
  slowReadMs: 0,
  leader: undefined,
});

/** True as often as was asked for. */
export function strikes(
  faults: Faults,
  name: 'silentAppends' | 'lostReplies' | 'brokenReplies',
): boolean {
  if (faults[name] <= 0) return false;
  faults[name] -= 1;
  return true;
}
