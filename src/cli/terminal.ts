// Controls, line and paragraph separators, marks, overrides and isolates of direction.
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
const UNSAFE_LINES = /(?!\n)[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Text from outside on one line of a terminal: no control, no line break, no change of direction. */
export const oneLine = (text: string): string => text.replace(UNSAFE, ' ');

/** The same on several lines. */
export const safeLines = (text: string): string => text.replace(UNSAFE_LINES, ' ');

/**
 * A line of the log, which is JSON: it escapes controls by itself, and not what turns the direction of a terminal.
 * The value stays the same.
 */
export const safeJson = (line: string): string =>
  line.replace(UNSAFE_LINES, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`);
