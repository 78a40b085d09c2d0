import { foldLetters, isAscii } from '../src/domain/letters.ts';

/** Folds text for search and comparison: no case, no diacritics, words of letters and digits only. */

/** "Lavrentyév, Al–Assad" → ["lavrentyev", "al", "assad"]. The same on stored text and on a query. */
export function foldWords(text: string): string[] {
  const plain = foldLetters(text);
  const split = isAscii(plain) ? /[^a-z0-9]+/ : /[^\p{L}\p{N}]+/u;
  return plain.split(split).filter((word) => word !== '');
}

/** One comparable string: "Genève" and "geneve" are the same. A text of signs alone is compared as it is. */
export const foldText = (text: string): string => foldWords(text).join(' ') || text.trim();
