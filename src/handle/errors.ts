/** What a command can be refused for, apart from rules and wrong input. `code` is that of the problem. */

/** No such entry, or none that the actor can see. */
export class NotFound extends Error {
  override readonly name = 'NotFound';
  readonly code = 'not-found';
}

/** The actor may not do this. */
export class Forbidden extends Error {
  override readonly name = 'Forbidden';
  readonly code = 'forbidden';
}

/** What is to be recorded is more than the store takes at once. */
export class TooLarge extends Error {
  override readonly name = 'TooLarge';
  readonly code = 'body-too-large';
}

/** The chosen id was once used; ids are never reused. */
export class IdTaken extends Error {
  override readonly name = 'IdTaken';
  readonly code = 'id-taken';
}
