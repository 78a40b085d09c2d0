/** Folds text for search and comparison: no case, no diacritics, words of letters and digits only. */

/** "Lavrentyév, Al–Assad" → ["lavrentyev", "al", "assad"]. The same on stored text and on a query. */
export const foldWords = (text: string): string[] =>
  text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');

/** One comparable string: "Genève" and "geneve" are the same. */
export const foldText = (text: string): string => foldWords(text).join(' ');
