import { ATLAS_PROTOCOL, type NegativeClass, type Protocol } from '#lib/example/protocol.ts';
import type { Example } from '#lib/example/schema.ts';

/** The windows a score is taken on: test documents only, firing windows first. */
export interface Exam {
  windows: Example[];
  /** Parallel to `windows`. */
  positive: boolean[];
  /** A number a document, for resampling by document. */
  documents: number[];
  nPositives: number;
  nNegatives: number;
}

/** The exam among a latent's examples: its activating test windows against silent ones of a class. */
export function examOf(examples: readonly Example[], negatives: NegativeClass = 'random'): Exam {
  const windows = examples.filter(({ split, kind }) => split === 'test' && (kind === 'activating' || kind === negatives));
  const ids = new Map<string, number>();
  const documents = windows.map(({ document }) => {
    const id = ids.get(document) ?? ids.size;
    ids.set(document, id);
    return id;
  });
  const positive = windows.map(({ kind }) => kind === 'activating');
  const nPositives = positive.filter(Boolean).length;
  return { windows, positive, documents, nPositives, nNegatives: windows.length - nPositives };
}

/**
 * What an exam lacks to be sat, as a sentence, or null. A latent is ready only when the exam drawn for it has enough; so
 * what is missing has been taken down since, and a score on what is left would say nothing.
 */
export function examShortfall(exam: Exam, { minTestWindows, minDocuments }: Pick<Protocol, 'minTestWindows' | 'minDocuments'> = ATLAS_PROTOCOL): string | null {
  const documents = new Set(exam.documents.filter((_, i) => exam.positive[i])).size;
  if (exam.nPositives >= minTestWindows && exam.nNegatives >= minTestWindows && documents >= minDocuments) return null;
  return `The exam has ${exam.nPositives} firing windows of ${documents} documents and ${exam.nNegatives} silent windows left; it takes ${minTestWindows} of each kind and ${minDocuments} documents.`;
}
