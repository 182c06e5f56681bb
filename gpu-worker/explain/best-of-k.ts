import type { Example } from '#lib/example/schema.ts';
import { rngFor, sampleIndices } from '#lib/random/rng.ts';
import { rocAuc } from '#lib/stats/roc-auc.ts';
import type { ChatReply } from '#gpu-worker/llm/chat-client.ts';
import { inFlight } from '#gpu-worker/llm/in-flight.ts';
import { windowText } from '#gpu-worker/llm/prompt-text.ts';
import { askForPhrase, badAnswer, callRecord, maxTokensOf, windowIds, type Phrase } from './ask.ts';
import type { Evidence, Explainer, ExplainOutcome, ExplainSettings, ExplainTools, Prepared } from './explainer.ts';
import { holdOut } from './hold-out.ts';
import { defaultPrompt } from './prompts/default.ts';
import { hashesOf, type Prompt } from './prompts/prompt.ts';
import { requireTool } from './require-tool.ts';

/** Draws must differ to be chosen from; the paper's own explainer runs at .7. */
const TEMPERATURE = 0.7;
/** Of the firing train windows, kept back to choose by. */
const HELD_SHARE = 0.25;
const LEAST_HELD = 3;

interface Candidate {
  text: string;
  /** AUROC on the held-out train windows; null where it could not be taken. */
  score: number | null;
  seed: number;
}

/**
 * Several phrases from the default's prompt, drawn at a temperature and with the windows in another order each time; the
 * best by a free local score is kept: the AUROC of the phrase's sentence vector on train windows of documents that no
 * prompt showed, firing against silent (the embedding score of method.md §5.6, on evidence and not on the exam, so that
 * choosing does not bias what is measured later). After delphi's unmerged best-of-k (method.md §4.3), which scores its
 * candidates on the exam itself.
 */
export const bestOfKExplainer: Explainer = {
  method: 'best_of_k',
  asks: true,
  prepare(evidence, settings) {
    const { shown, held } = holdOut(evidence.firing, HELD_SHARE, settings.seed, evidence.latent);
    if (held.length < LEAST_HELD || shown.length === 0)
      return { kind: 'unfit', reason: 'Too few documents fire it to keep windows back by which candidates could be told apart.' };
    if (evidence.silent.length === 0) return { kind: 'unfit', reason: 'There are no silent windows of train documents to choose candidates by.' };
    return question(evidence, shown, held, settings);
  },
};

function question({ latent, silent }: Evidence, shown: readonly Example[], held: readonly Example[], settings: ExplainSettings): Prepared {
  const prompts = Array.from({ length: settings.candidates }, (_, k): { prompt: Prompt; seed: number } => {
    const rng = rngFor(settings.seed, 'candidate', latent, k);
    const order = sampleIndices(rng, shown.length, shown.length).map((i) => shown[i] as Example);
    return { prompt: defaultPrompt(order, settings), seed: rng.int(2 ** 31) };
  });
  const first = (prompts[0] as { prompt: Prompt }).prompt;
  const maxTokens = maxTokensOf(first);
  return {
    kind: 'prepared',
    key: {
      prompts: prompts.map(({ prompt }) => hashesOf(prompt).promptHash).join(),
      held: JSON.stringify(windowIds(held)),
      silent: JSON.stringify(windowIds(silent)),
      temperature: TEMPERATURE,
      maxTokens,
    },
    shown: [...shown, ...held, ...silent],
    async explain(tools, signal): Promise<ExplainOutcome> {
      const chat = requireTool(tools.chat, 'best_of_k');
      const answers = await inFlight(prompts, prompts.length, ({ prompt, seed }) =>
        askForPhrase(chat, prompt, { temperature: TEMPERATURE, seed, purpose: 'explain.best_of_k' }, { cache: tools.cache, ...(signal && { signal }) }),
      );
      const phrases = answers.flatMap((answer, k) => (answer.kind === 'phrase' ? [{ answer, seed: prompts[k]?.seed as number }] : []));
      const replies = answers.flatMap((answer) => answer.replies);
      if (phrases.length === 0) return noCandidate(answers, replies);
      const scores = await scoresOf(
        tools,
        phrases.map(({ answer }) => answer.text),
        held,
        silent,
      );
      const candidates = phrases.map(({ answer, seed }, i): Candidate => ({ text: answer.text, score: scores[i] ?? null, seed }));
      const best = candidates.reduce((a, b) => ((b.score ?? -1) > (a.score ?? -1) ? b : a));
      return {
        kind: 'explained',
        text: best.text,
        provenance: {
          ...hashesOf(first),
          windows: windowIds(shown),
          heldOut: windowIds(held),
          silentWindows: windowIds(silent),
          candidates,
          failedCandidates: answers.length - candidates.length,
          chosenBy: 'embedding AUROC on held-out train windows',
          ...callRecord(chat, maxTokens, replies),
          seed: best.seed,
        },
      };
    },
  };
}

function noCandidate(answers: readonly Phrase[], replies: readonly ChatReply[]): ExplainOutcome {
  const unanswered = answers.find((answer) => answer.kind === 'upstream');
  if (unanswered) return { kind: 'upstream', error: unanswered.error };
  return badAnswer(
    answers.flatMap((answer) => (answer.kind === 'bad_answer' ? answer.reasons : [])),
    replies,
  );
}

/** AUROC of each phrase: cosine with the windows, firing against silent. */
async function scoresOf(tools: ExplainTools, texts: readonly string[], held: readonly Example[], silent: readonly Example[]): Promise<(number | null)[]> {
  const windows = [...held, ...silent];
  const labels = windows.map((_, i) => i < held.length);
  const phrases = await tools.embed(texts, 'query');
  const vectors = await tools.embed(windows.map(windowText), 'document');
  return texts.map((_, t) =>
    rocAuc(
      labels,
      windows.map((_, i) => dot(phrases[t] as Float32Array, vectors[i] as Float32Array)),
    ),
  );
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
