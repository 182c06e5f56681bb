import { renderToStaticMarkup } from 'react-dom/server';
import { expect, it } from 'vitest';
import type { LatentDetail } from '#lib/catalogue/schema.ts';
import { sampleRecordSchema } from '#lib/example/sample-record.ts';
import type { Example } from '#lib/example/schema.ts';
import { LatentExamples } from './latent-examples.tsx';
import { isSilent, SilentWindows } from './silent-windows.tsx';

const window = (kind: Example['kind'], row: number, split: Example['split'] = 'test'): Example => ({
  ...{ row, start: 32, split, kind, quantile: kind === 'activating' ? 0 : null, document: 'd', tokens: ['of', ` ${kind}`] },
  ...(kind === 'activating' ? { activations: [0, 2], maxActivation: 2, maxIndex: 1 } : { activations: [0, 0], maxActivation: 0, maxIndex: null }),
});

/** Only what these components read of a latent. */
const latent = (facts: Partial<LatentDetail>): LatentDetail =>
  ({
    status: 'ready',
    firingCount: 9,
    maxActivation: 2,
    explanations: [],
    examples: [],
    suppressedExamples: 0,
    sample: null,
    ...facts,
  }) as Partial<LatentDetail> as LatentDetail;
const text = (element: Parameters<typeof renderToStaticMarkup>[0]): string => renderToStaticMarkup(element).replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' '); // prettier-ignore

it('shows the exam’s silent windows by class, each with what it is, and why a class is missing', () => {
  const sample = sampleRecordSchema.parse({
    negatives: {
      random: { drawn: 2, wanted: 50 },
      similar: { drawn: 1, wanted: 25 },
      same_token: { drawn: 0, wanted: 25 },
      neighbour: { drawn: 0, wanted: 25 },
    },
    minedBy: 'mini@1',
    missing: { neighbour: 'Nobody looked.' },
  });
  const examples = [window('random', 1), window('random', 2), window('similar', 3), window('same_document', 4, 'train'), window('activating', 5)];
  const shown = text(<SilentWindows latent={latent({ examples, sample })} />);
  expect(shown).toContain('random · 2');
  expect(shown).toContain('similar in meaning · 1');
  expect(shown).toContain('It was mini@1.');
  expect(shown).not.toContain('same document');
  expect(shown).toContain('No windows of class “same token” were found for this latent.');
  expect(shown).toContain('No windows of class “neighbouring latents”. Nobody looked.');
  expect(examples.filter(isSilent)).toHaveLength(3);
});

it('says that evidence and exam share documents, where the protocol has it so, and shows a window that is both', () => {
  const examples = [window('activating', 5, 'train'), window('activating', 5), window('random', 1)];
  const shown = (protocol: 'atlas' | 'paper') =>
    text(<LatentExamples latent={latent({ examples, sample: sampleRecordSchema.parse({ protocol, overlap: protocol === 'paper' ? 1 : 0 }) })} view="lines" />);
  expect(shown('paper')).toContain('Protocol paper: evidence and exam share documents, and 1 firing window of the exam was shown to the explainer.');
  expect(shown('paper')).toContain('exam, from the same documents');
  expect(shown('paper')).toContain('up to 4 and 10 windows');
  expect(shown('atlas')).toContain('exam, from other documents');
  expect(shown('atlas')).not.toContain('share documents');
});
