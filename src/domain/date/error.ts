/**
 * What is wrong with a date. `path` leads into the `when` value; `message` says what is accepted.
 * `end-before-start` is apart because it is a rule of its own; all else is `invalid`.
 */
export interface WhenProblem {
  readonly code: 'invalid' | 'end-before-start';
  readonly path: string[];
  readonly message: string;
}

/** A value that is no date, instant or time zone of ours; the message says what is accepted. */
export class InvalidDate extends Error {
  readonly code = 'invalid-date';
  readonly problem: WhenProblem;

  constructor(problem: WhenProblem) {
    super(problem.message);
    this.name = 'InvalidDate';
    this.problem = problem;
  }
}

export function invalid(path: string[], message: string): WhenProblem {
  return { code: 'invalid', path, message };
}
