import type { StoredExample } from '#lib/example/blob.ts';
import { NEGATIVE_CLASSES, type Protocol } from '#lib/example/protocol.ts';
import type { SampleRecord } from '#lib/example/sample-record.ts';
import type { DataSet } from '#gpu-worker/activations/data-set.ts';
import type { LatentActivations } from '#gpu-worker/activations/store/types.ts';
import type { LatentExamples } from '#gpu-worker/examples/latent-examples.ts';
import type { NegativeWindow } from '#gpu-worker/examples/negatives.ts';
import { shownSpan } from '#gpu-worker/examples/shown-span.ts';
import { documentOf, type Origin } from '#gpu-worker/examples/windows.ts';
import type { Tokenizer } from '#gpu-worker/model/tokenizer.ts';

/**
 * A latent's draw as windows to show. `split` says what a window is for: evidence (`train`) or exam (`test`), which are its
 * document's sides where the protocol keeps sides apart; where they share documents a window may be both, and comes twice.
 */
export function storedExamples(
  data: DataSet,
  latent: LatentActivations,
  examples: LatentExamples & { contrastive: readonly NegativeWindow[] },
  { windowLength }: Pick<Protocol, 'windowLength'>,
  tokenizer: Pick<Tokenizer, 'tokenStrings'>,
): StoredExample[] {
  const window = (origin: Origin, facts: Pick<StoredExample, 'split' | 'kind' | 'quantile'>): StoredExample => {
    const { row, start, end } = shownSpan(data, origin, windowLength);
    const at = row * data.rowLength;
    return {
      row,
      start,
      ...facts,
      document: data.documents[documentOf(data, origin)]!.key,
      tokens: tokenizer.tokenStrings(data.tokens.subarray(at + start, at + end)),
      activations: new Array<number>(end - start).fill(0),
    };
  };
  const activating = (split: StoredExample['split'], drawn: LatentExamples['train']): StoredExample[] =>
    drawn.map(({ origin, quantile, from, to }) => {
      const example = window(origin, { split, kind: 'activating', quantile });
      const first = example.row * data.rowLength + example.start;
      for (let i = from; i < to; i++) example.activations[latent.place[i]! - first] = latent.value[i]!;
      return example;
    });
  const silent = (split: StoredExample['split'], drawn: readonly NegativeWindow[]): StoredExample[] =>
    drawn.map((negative) => window(negative.origin, { split, kind: negative.class, quantile: null }));
  return [
    ...activating('train', examples.train),
    ...activating('test', examples.test),
    ...silent('test', examples.negatives),
    ...silent('train', examples.contrastive),
  ];
}

/** How it was drawn. */
export function sampleRecord(examples: LatentExamples, protocol: Protocol, { minedBy, missing }: Pick<SampleRecord, 'minedBy' | 'missing'>): SampleRecord {
  const evidence = new Set(examples.train.map(({ origin }) => origin));
  const negatives: SampleRecord['negatives'] = {};
  for (const of of NEGATIVE_CLASSES) {
    const wanted = protocol.negatives[of] ?? 0;
    if (wanted > 0) negatives[of] = { drawn: examples.negatives.filter((negative) => negative.class === of).length, wanted };
  }
  return {
    protocol: protocol.name,
    negatives,
    minedBy: negatives.similar?.drawn ? minedBy : null,
    missing,
    overlap: examples.test.filter(({ origin }) => evidence.has(origin)).length,
  };
}
