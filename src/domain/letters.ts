/** Letters as they are compared, and as ids are made of them. */

// Letters that Unicode does not decompose into a base letter and a mark.
const UNDECOMPOSED: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ł: 'l',
  ħ: 'h',
  ŧ: 't',
  ı: 'i',
  // At the end of a word: which letter is the last depends on how the text is cut.
  ς: 'σ',
};

// Signs within words that are no letters of theirs: ʿ of transcriptions, ʻ of Hawaiian, and the tatweel, which makes
// Arabic words longer.
const SIGNS = /[\u02b0-\u02ff\u0640]/g;

/** Without case, marks, strokes and ligatures: `Łódź` → `lodz`, `Straße` → `strasse`. Other alphabets stay. */
export function foldLetters(text: string): string {
  if (isAscii(text)) return text.toLowerCase();
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(SIGNS, '')
    .toLowerCase()
    .replace(/[ßæœøđðþłħŧıς]/g, (letter) => UNDECOMPOSED[letter] ?? '');
}

/** Most text is, and then needs neither decomposing nor Unicode's tables. */
export function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}
