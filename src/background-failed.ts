/** What a thread tells of an error: only messages pass between threads whole. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  /** SQLite's, which tells a fault of the disk from one of an event. */
  readonly errcode: number | undefined;
}

export function failureOf(error: unknown): Failure {
  const { name, message, errcode }: Error & { errcode?: number } =
    error instanceof Error ? error : new Error(String(error));
  return { name, message, errcode };
}

/** Work failed in its thread. The message says what to do where somebody can do something. */
export class BackgroundFailed extends Error {
  override readonly name: string;
  /** SQLite's, as its driver's errors have it. */
  readonly errcode: number | undefined;

  constructor({ name, message, errcode }: Failure) {
    super(message);
    this.name = name;
    this.errcode = errcode;
  }
}
