import type { NegativeClass, Protocol } from '#lib/example/protocol.ts';
import type { Example } from '#lib/example/schema.ts';

/** The windows a score is taken on: of documents the explainer never saw, firing windows first unless it was shuffled. */
export interface Exam {
  windows: Example[];
  /** Parallel to `windows`. */
  positive: boolean[];
  /** A number a document, for resampling by document. */
  documents: number[];
  nPositives: number;
  /** Of all classes; `headlineOf` has those of class `random` alone. */
  nNegatives: number;
}

/** Whose documents an exam may be drawn from. */
export type ExamSide = 'test' | 'reserve';

/** The exam among a latent's examples: its firing windows of a side against silent ones of some classes. */
export function examOf(examples: readonly Example[], classes: readonly NegativeClass[] = ['random'], side: ExamSide = 'test'): Exam {
  return examFrom(examples.filter(({ split, kind }) => split === side && (kind === 'activating' || classes.includes(kind))));
}

/** The exam of a score's one number: the firing windows against random silent ones. Other classes are reported by themselves. */
export function headlineOf(exam: Exam): Exam {
  return examFrom(exam.windows.filter(({ kind }) => kind === 'activating' || kind === 'random'));
}

/** An exam of windows in their order. */
export function examFrom(windows: readonly Example[]): Exam {
  const ids = new Map<string, number>();
  const documents = windows.map(({ document }) => {
    const id = ids.get(document) ?? ids.size;
    ids.set(document, id);
    return id;
  });
  const positive = windows.map(({ kind }) => kind === 'activating');
  const nPositives = positive.filter(Boolean).length;
  return { windows: [...windows], positive, documents, nPositives, nNegatives: windows.length - nPositives };
}

/**
 * What an exam lacks to be sat, as a sentence, or null. A latent is ready only when the exam drawn for it has enough; so
 * what is missing has been taken down since, and a score on what is left would say nothing.
 */
export function examShortfall(exam: Exam, { minTestWindows, minDocuments }: Pick<Protocol, 'minTestWindows' | 'minDocuments'>): string | null {
  const { windows, positive, documents: all, nPositives, nNegatives } = headlineOf(exam);
  const documents = new Set(all.filter((_, i) => positive[i])).size;
  if (nPositives >= minTestWindows && nNegatives >= minTestWindows && documents >= minDocuments && windows.length > 0) return null;
  return `The exam has ${nPositives} firing windows of ${documents} documents and ${nNegatives} silent windows left; it takes ${minTestWindows} of each kind and ${minDocuments} documents.`;
}
