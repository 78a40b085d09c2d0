/** Folds text for search and comparison: no case, no diacritics, words of letters and digits only. */

/** "Lavrentyév, Al–Assad" → ["lavrentyev", "al", "assad"]. The same on stored text and on a query. */
export function foldWords(text: string): string[] {
  const plain = isAscii(text) ? text : text.normalize('NFKD').replace(/\p{M}/gu, '');
  const split = isAscii(plain) ? /[^a-z0-9]+/ : /[^\p{L}\p{N}]+/u;
  return plain
    .toLowerCase()
    .split(split)
    .filter((word) => word !== '');
}

// Most text is, and then needs neither decomposing nor Unicode's tables.
function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

/** One comparable string: "Genève" and "geneve" are the same. */
export const foldText = (text: string): string => foldWords(text).join(' ');
