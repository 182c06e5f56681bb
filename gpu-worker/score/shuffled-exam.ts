import { rngFor, sampleIndices } from '#lib/random/rng.ts';
import { examFrom, headlineOf, type Exam } from './exam.ts';

/**
 * The same exam in an order that depends on seed and latent alone: exams come with all firing windows first, and in a
 * prompt of five the neighbours would give the answer away. The headline's windows come first and in the order they have
 * without any other class.
 */
export function shuffledExam(exam: Exam, seed: number, latent: number): Exam {
  const headline = headlineOf(exam).windows;
  const further = exam.windows.filter((window) => !headline.includes(window));
  const mixed = <T>(list: readonly T[], purpose: string): T[] =>
    sampleIndices(rngFor(seed, purpose, latent), list.length, list.length).map((i) => list[i] as T);
  return examFrom([...mixed(headline, 'detection order'), ...mixed(further, 'further order')]);
}
