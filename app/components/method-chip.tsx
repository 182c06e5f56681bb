import type { ExplanationMethod } from '#lib/explanation/methods.ts';

/** How an explanation was made; a baseline says that it is one, everywhere. */
export function MethodChip({ method, explainer }: { method: ExplanationMethod | string; explainer?: string }) {
  if (method === 'lexical') {
    return (
      <span className="chip" title="Made by counting words, without a language model">
        baseline, no language model
      </span>
    );
  }
  return <span className="chip">{explainer ?? 'language model'}</span>;
}
