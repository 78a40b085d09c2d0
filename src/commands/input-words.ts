import type * as z from 'zod';

const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
};

type Issue = z.core.$ZodRawIssue;
type Words = { readonly [C in Issue['code']]?: (issue: Extract<Issue, { code: C }>) => string };

const WORDS: Words = {
  invalid_type: ({ expected, input }) => {
    const kind = KINDS[expected] ?? expected;
    return input === undefined ? `is missing: give ${kind}` : `must be ${kind}`;
  },
  too_small: ({ minimum, origin }) =>
    Number(minimum) === 1 && UNITS[origin] !== undefined
      ? 'must not be empty'
      : `must be at least ${minimum}${UNITS[origin] ?? ''}`,
  too_big: ({ maximum, origin }) => `must be at most ${maximum}${UNITS[origin] ?? ''}`,
  invalid_format: ({ format }) => `must be a ${format.toUpperCase()}`,
  invalid_value: ({ values }) =>
    `must be ${values.length > 1 ? 'one of ' : ''}${values.join(', ')}`,
};

const UNITS: Readonly<Record<string, string>> = {
  string: ' characters long',
  array: ' items long',
};

/** What is wrong with a value and what it must be, for `safeParse`, where the schema does not say so itself. */
export const inWords: z.core.$ZodErrorMap = (issue) => {
  const word = WORDS[issue.code] as ((issue: Issue) => string) | undefined;
  return word?.(issue);
};
