import { decodeExamples, encodeExamples } from '#lib/example/blob.ts';
import { takedownKeys } from '#lib/example/document-key.ts';
import { protocolNamed } from '#lib/example/protocol.ts';
import type { Example } from '#lib/example/schema.ts';
import { counterExamples } from '#gpu-worker/examples/latent-examples.ts';
import { openSampleSources } from './sample-sources.ts';
import { storedExamples } from './stored-sample.ts';
import type { RunFacts } from './run-facts.ts';
import type { WorkerServices } from './services.ts';
import { takenDownKeys } from './taken-down-keys.ts';
import { yieldNow } from './yield-now.ts';

/**
 * A latent's exam from the sealed reserve, drawn as the run's protocol draws exams from test documents: for what was written
 * when the page, test windows included, was public. It is drawn when it is sat and never stored with its text, since
 * windows that are shown seal nothing any more. Documents taken down are left out.
 *
 * Throws AppError `not_found` when the run's store of activations is gone.
 */
export async function reserveExamples(services: WorkerServices, run: RunFacts, latent: number, signal: AbortSignal): Promise<Example[]> {
  const protocol = protocolNamed(run.config.protocol);
  const sources = await openSampleSources(services, run, protocol, () => yieldNow(signal));
  try {
    const { request: asShown, examples: shown } = await sources.draw(latent);
    // Silent windows that the page shows seal nothing, though other documents hold the same tokens.
    const without = [...shown.test, ...shown.negatives, ...counterExamples(asShown, shown)].map(({ origin }) => origin);
    const { request, examples: drawn } = await sources.draw(latent, 'reserve', without);
    const stored = storedExamples(sources.data, request.latent, { ...drawn, contrastive: [] }, protocol, sources.tokenizer);
    const down = new Set(await takenDownKeys(services.pool, run));
    return decodeExamples(encodeExamples(stored.filter(({ split }) => split === 'test').map((example) => ({ ...example, split: 'reserve' as const })))).filter(
      ({ document }) => !takedownKeys(document).some((key) => down.has(key)),
    );
  } finally {
    await sources.close();
  }
}
