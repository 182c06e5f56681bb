import { rngFor } from '#lib/random/rng.ts';
import type { LatentActivations } from '#gpu-worker/activations/store/types.ts';
import { splitOf, type DataSet } from '#gpu-worker/activations/data-set.ts';
import type { Protocol } from '#lib/example/protocol.ts';
import { sampleQuantiles, sampleSilent, type SampledWindow } from './sample.ts';
import { activatingWindows, documentOf, windowsPerRow, type ActivatingWindow, type WindowId } from './windows.ts';

export interface LatentExamples {
  status: 'dead' | 'too_few_windows' | 'too_few_documents' | 'ready';
  /** Activating windows and their documents on each side, before sampling. */
  trainWindows: number;
  testWindows: number;
  trainDocuments: number;
  testDocuments: number;
  train: SampledWindow[];
  test: SampledWindow[];
  /** Windows of test documents in which the latent is silent. */
  negatives: WindowId[];
}

/**
 * Evidence and exam of one latent. Every draw is seeded by (seed, what, latent, quantile), so that neither order nor
 * parallelism changes it. `testCandidates` are all whole windows of test documents, ascending.
 */
export function latentExamples(data: DataSet, latent: LatentActivations, protocol: Protocol, seed: number, testCandidates: Uint32Array): LatentExamples {
  const sides: Record<'train' | 'test', ActivatingWindow[]> = { train: [], test: [] };
  for (const window of activatingWindows(data, latent)) {
    const split = splitOf(data, Math.floor(window.window / windowsPerRow(data)));
    if (split !== 'reserve') sides[split].push(window);
  }
  const documents = (windows: ActivatingWindow[]): number => new Set(windows.map(({ window }) => documentOf(data, window))).size;
  const [trainDocuments, testDocuments] = [documents(sides.train), documents(sides.test)];
  const draw = (side: 'train' | 'test', perQuantile: number): SampledWindow[] =>
    sampleQuantiles(sides[side], perQuantile, (quantile) => rngFor(seed, side, latent.latent, quantile));
  return {
    status: statusOf(latent, sides, Math.min(trainDocuments, testDocuments), protocol),
    trainWindows: sides.train.length,
    testWindows: sides.test.length,
    trainDocuments,
    testDocuments,
    train: draw('train', protocol.trainPerQuantile),
    test: draw('test', protocol.testPerQuantile),
    negatives: sampleSilent(
      testCandidates,
      sides.test.map(({ window }) => window),
      protocol.randomNegatives,
      rngFor(seed, 'negatives', latent.latent),
    ),
  };
}

function statusOf(
  latent: LatentActivations,
  sides: Record<'train' | 'test', ActivatingWindow[]>,
  documents: number,
  protocol: Protocol,
): LatentExamples['status'] {
  if (latent.place.length === 0) return 'dead';
  if (sides.train.length < protocol.minTrainWindows || sides.test.length < protocol.minTestWindows) return 'too_few_windows';
  return documents < protocol.minDocuments ? 'too_few_documents' : 'ready';
}
