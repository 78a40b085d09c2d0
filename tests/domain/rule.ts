import { Rejected } from '../../src/domain/rules.ts';

/** The rule by which a decision is refused. Throws when it is not. */
export function ruleOf(decide: () => unknown): string {
  try {
    decide();
  } catch (error) {
    if (error instanceof Rejected) return error.rule;
    throw error;
  }
  throw new Error('it was taken');
}
