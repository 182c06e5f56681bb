import { decodeExamples, encodeExamples } from '#lib/example/blob.ts';
import { takedownKeys } from '#lib/example/document-key.ts';
import { protocolNamed } from '#lib/example/protocol.ts';
import { examOf, type Exam } from '#gpu-worker/score/exam.ts';
import { openSampleSources } from './sample-sources.ts';
import { storedExamples } from './stored-sample.ts';
import type { RunFacts } from './run-facts.ts';
import type { WorkerServices } from './services.ts';
import { yieldNow } from './yield-now.ts';

/** What a latent's precision is taken on. */
export interface PrecisionWindows {
  /** Its exam's firing windows, and many more silent ones than an exam has. */
  exam: Exam;
  /** Share of the exam side's windows in which it fires. */
  rate: number;
}

/**
 * The firing windows of some latents' exams with `silent` random silent ones each, by latent; none of a document taken
 * down. Drawn anew from the run's store, and the same each time.
 *
 * Throws AppError `not_found` when the run's store of activations is gone.
 */
export async function drawPrecisionWindows(
  services: WorkerServices,
  run: RunFacts,
  latents: readonly number[],
  { silent, takenDown, signal }: { silent: number; takenDown: readonly string[]; signal: AbortSignal },
): Promise<Map<number, PrecisionWindows>> {
  const protocol = { ...protocolNamed(run.config.protocol), negatives: { random: silent } };
  const down = new Set(takenDown);
  const sources = await openSampleSources(services, run, protocol, () => yieldNow(signal));
  try {
    const out = new Map<number, PrecisionWindows>();
    for (const latent of latents) {
      await yieldNow(signal);
      const { request, examples } = await sources.draw(latent);
      const stored = storedExamples(sources.data, request.latent, { ...examples, contrastive: [] }, protocol, sources.tokenizer);
      const all = request.table.pool(protocol.sides === 'shared' ? null : 'test', protocol.collapse).origins.length;
      const left = decodeExamples(encodeExamples(stored)).filter(({ document }) => !takedownKeys(document).some((key) => down.has(key)));
      // Firing windows that stand in the exam's place for others of the same tokens are counted once, as silent ones are.
      if (examples.testWindows > 0 && all > 1) out.set(latent, { exam: examOf(left), rate: Math.min(examples.testWindows, all - 1) / all });
    }
    return out;
  } finally {
    await sources.close();
  }
}
