import type { Document } from '#gpu-worker/text/document.ts';
import type { TextSource } from '#gpu-worker/text/text-source.ts';

/** A text source of the documents given, read in the order given, whatever the seed. */
export function listedText(documents: readonly Document[]): TextSource {
  return {
    count: documents.length,
    letters: documents.reduce((sum, { content }) => sum + content.length, 0),
    revision: 'r',
    async *documents() {
      for (const document of documents) yield await Promise.resolve(document);
    },
  };
}
