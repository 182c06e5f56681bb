import type { Example } from '#lib/example/schema.ts';
import { rngFor, sampleIndices } from '#lib/random/rng.ts';
import { askOnce } from './ask.ts';
import type { Explainer } from './explainer.ts';
import { contrastivePrompt } from './prompts/contrastive.ts';
import { spread } from './spread.ts';

/** Fewer than the default shows, so that the prompt is no longer; delphi shows 15 and 5 (method.md §4.3). */
const FIRING = 20;
const SILENT = 12;

/**
 * Windows that fire beside windows that do not (method.md §4.3, delphi's contrastive explainer, whose own is broken): what
 * both share cannot be the pattern. Counter-examples are silent windows of train documents, of all classes in turn, so that
 * the near ones (same document, same token, near in meaning, a neighbour's) are among them.
 */
export const contrastiveExplainer: Explainer = {
  method: 'contrastive',
  asks: true,
  prepare(evidence, settings) {
    if (evidence.silent.length === 0) return { kind: 'unfit', reason: 'There are no silent windows of train documents to set the firing ones against.' };
    const firing = spread(evidence.firing, FIRING);
    const silent = classesInTurn(evidence.silent, SILENT, settings.seed, evidence.latent);
    return askOnce(contrastivePrompt(firing, silent, settings), { method: 'contrastive', firing, silent }, settings);
  },
};

/** Windows of each class in turn, drawn by seed, so that no class gives them all. */
export function classesInTurn(windows: readonly Example[], count: number, seed: number, latent: number): Example[] {
  const classes = [...new Set(windows.map(({ kind }) => kind))].sort();
  const lists = classes.map((kind) => {
    const own = windows.filter((window) => window.kind === kind);
    return sampleIndices(rngFor(seed, 'counter-examples', latent, kind), own.length, own.length).map((i) => own[i] as Example);
  });
  const drawn: Example[] = [];
  for (let turn = 0; drawn.length < Math.min(count, windows.length); turn++) {
    for (const list of lists) if (turn < list.length && drawn.length < count) drawn.push(list[turn] as Example);
  }
  return drawn;
}
