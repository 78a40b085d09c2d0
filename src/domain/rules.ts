/** Every rule that refuses a command, with the sentence that documentation and problem pages print. */
export const RULES = {
  'wrong-status': 'The status table does not allow this command in the present status.',
  'nothing-changes': 'A command that would change nothing is not recorded.',
  'same-date': 'A meeting is rescheduled to another date than the one it has.',
  'end-before-start': 'A date ends after it starts.',
  'hold-before-start': 'A meeting can have been held only once its earliest moment has come.',
  'not-held-too-early': 'A meeting has not taken place only once its latest moment is over.',
  'date-passed': 'Reinstating without a date restores the last one, which must not be over.',
  'correct-postponed-date': 'A postponed meeting has no date to correct: reschedule it.',
  'participant-already-there': 'A party takes part in a meeting once.',
  'participant-not-there': 'Only a party that takes part can be removed.',
  'merge-into-itself': 'A meeting is merged into another one.',
  'merge-target-gone': 'The meeting that survives a merge is itself neither merged nor withdrawn.',
  'merge-circle': 'Merges do not form a circle.',
  'unknown-meeting': 'The meeting that survives a merge exists.',
  'unknown-announcement': 'The announcements that a command cites exist.',
  'claim-twice': 'The claims of an announcement have ids of their own.',
  'too-many-claims':
    'An announcement names at most so many meetings, those included that the writer does not see.',
  'embargo-passed': 'An embargo ends in the future.',
  'expiry-passed': 'What expires does so in the future.',
  'stated-in-future': 'Nothing is stated or published after it is recorded.',
  'stated-before-first':
    'Nothing about an entry is stated before its first event: earlier claims belong in announcements.',
  'stated-out-of-order':
    'What sets a field is stated no earlier than what set the same field or the status before.',
  'too-many-events': 'An entry has at most as many events as ENTRY_EVENTS says.',
  'too-many-participants': 'A meeting has at most 200 participants.',
  'public-feed':
    'The address of a public feed has no token that could be rotated, revoked or expire.',
  'ceiling-lowered': 'The ceiling of a feed is raised, never lowered, at one address.',
  'key-reused': 'An idempotency key belongs to one request: another body needs another key.',
} as const;

export type Rule = keyof typeof RULES;

/** A command that a rule refuses. The message says what to do instead. */
export class Rejected extends Error {
  override readonly name = 'Rejected';
  readonly code = 'rejected';
  readonly rule: Rule;

  constructor(rule: Rule, message: string) {
    super(message);
    this.rule = rule;
  }
}

/** One wrong value: `path` is a JSON pointer (RFC 6901) into the body, '' being the whole. */
export interface InputError {
  readonly path: string;
  readonly message: string;
}

/** Input that is not what the command takes; lists every wrong value found. */
export class InvalidInput extends Error {
  override readonly name = 'InvalidInput';
  readonly code = 'validation-failed';
  readonly errors: readonly InputError[];

  constructor(errors: readonly InputError[]) {
    super(errors.map((e) => (e.path === '' ? e.message : `${e.path}: ${e.message}`)).join('; '));
    this.errors = errors;
  }
}

/** `['claims', 0, 'value']` → `/claims/0/value` (RFC 6901 §3: ~ and / are escaped). */
export const pointer = (path: readonly PropertyKey[]): string =>
  path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
