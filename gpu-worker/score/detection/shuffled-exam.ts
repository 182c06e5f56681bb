import { rngFor, sampleIndices } from '#lib/random/rng.ts';
import type { Exam } from '#gpu-worker/score/exam.ts';

/**
 * The same exam in an order that depends on the run's seed and the latent alone: exams come with all firing windows
 * first, and in a prompt of five the neighbours would give the answer away.
 */
export function shuffledExam(exam: Exam, seed: number, latent: number): Exam {
  const order = sampleIndices(rngFor(seed, 'detection order', latent), exam.windows.length, exam.windows.length);
  const permuted = <T>(list: readonly T[]): T[] => order.map((i) => list[i] as T);
  return { ...exam, windows: permuted(exam.windows), positive: permuted(exam.positive), documents: permuted(exam.documents) };
}
