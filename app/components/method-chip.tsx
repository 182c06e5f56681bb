import type { ExplanationMethod } from '#lib/explanation/methods.ts';

const NAMES: Partial<Record<string, string>> = {
  single_token: 'its one token, worked out without a language model',
  positional: 'its place in the text, worked out without a language model',
  contrastive: 'language model, firing against silent windows',
  logit_aware: 'language model, with the tokens it promotes',
  best_of_k: 'language model, the best of several phrases',
  refine: 'language model, refined by its mistakes',
};

/** How an explanation was made; a baseline says that it is one, everywhere. */
export function MethodChip({ method, explainer }: { method: ExplanationMethod | string; explainer?: string }) {
  if (method === 'lexical') {
    return (
      <span className="chip" title="Made by counting words, without a language model">
        baseline, no language model
      </span>
    );
  }
  if (method === 'human') {
    return (
      <span className="chip" title="Entered on this site by somebody signed in; no run made it">
        entered by a person
      </span>
    );
  }
  if (method === 'imported') {
    return (
      <span className="chip" title="Made by another program and imported; no run of this site made it">
        imported{explainer === undefined ? '' : `, ${explainer}`}
      </span>
    );
  }
  return (
    <span className="chip" title={NAMES[method]}>
      {explainer ?? NAMES[method] ?? 'language model'}
    </span>
  );
}
