import type { Description, WordEvidence } from './describe.ts';

/** Writes the sentence. */
export function writeSentence(d: Description): string {
  const firing = pickFiring(d.firing);
  const around = d.around.filter((w) => w.z > 3 && !firing.some((f) => f.value === w.value)).sort((a, b) => b.share - a.share).slice(0, 4);
  const head = firing.length === 0 ? 'No word in particular' : firing.length === 1 ? `The word ${quote(firing[0]!)}` : `The words ${list(firing, 'and')}`;
  return around.length === 0 ? `${head}.` : `${head}, near ${list(around, 'or')}.`;
}

function pickFiring(words: readonly WordEvidence[]): WordEvidence[] {
  return words.slice(0, 4);
}

function quote(word: WordEvidence): string {
  return `"${word.text}"`;
}

function list(words: readonly WordEvidence[], last: string): string {
  const quoted = words.map(quote);
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} ${last} ${quoted.at(-1)}`;
}
