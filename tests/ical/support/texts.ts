import fc from 'fast-check';

/** Any UTF-16 code unit: lone surrogates too. */
const unit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));
/** What means something to a content line or its parsers. */
const telling = fc.constantFrom(
  '\\',
  ';',
  ',',
  ':',
  '"',
  '\n',
  '\r',
  '\r\n',
  '\t',
  ' ',
  '\\n',
  '\\N',
  '\\\\',
  '\0',
  '\v',
  '\f',
  '\u007f',
  '\u0085',
  '\u2028',
  '\u2029',
  '\ufeff',
  'é',
  '€',
  '𝄞',
  '👩‍👩‍👧',
  'محادثات',
  'BEGIN:VEVENT',
);

/** Strings that no well-meaning person writes, and some that they do. */
export const anyText = (maxLength = 200): fc.Arbitrary<string> =>
  fc
    .array(
      fc.oneof(
        fc.string({ unit: 'binary', minLength: 1, maxLength: 5 }),
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }),
        unit,
        telling,
      ),
      { maxLength: 20 },
    )
    .map((parts) => parts.join('').slice(0, maxLength));
