/** The words of a query: phrases in quotation marks must occur as they stand, the rest is searched freely. */
export interface QueryWords {
  /** Normalised, words parted by one space; empty when there are none. */
  free: string;
  phrases: string[];
  /** Whether the last thing typed was a free word, which may be only begun. */
  openEnded: boolean;
}

const QUOTED = /["“”„«»]([^"“”„«»]*)["“”„«»]/gu;

/** Parts a query into phrases and free words, both normalised. A quotation mark without its partner is ignored. */
export function parseQueryWords(query: string): QueryWords {
  const phrases = Array.from(query.matchAll(QUOTED), (match) => normaliseWords(match[1]!)).filter((phrase) => phrase !== '');
  const rest = query.replace(QUOTED, ' " ');
  return { free: normaliseWords(rest), phrases, openEnded: /[\p{L}\p{N}\p{M}]\s*$/u.test(rest) };
}

/**
 * Text as the word index sees it: compatibility forms joined (ﬁ → fi), lower case, everything but letters, marks and
 * digits a space. PostgreSQL's own parser would make `and/or` a file name, `U.S.` a host and `-5` a number, none of
 * which can be found by its parts; its lower-casing depends on the cluster's locale. Accents are left to `unaccent`.
 */
export function normaliseWords(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}]+/gu, ' ')
    .trim();
}
