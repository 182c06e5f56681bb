import type { Example } from '#lib/example/schema.ts';
import type { ChatClient, ChatReply } from '#gpu-worker/llm/chat-client.ts';
import { windowText } from '#gpu-worker/llm/prompt-text.ts';
import { askForPhrase, badAnswer, callRecord, maxTokensOf, windowIds } from './ask.ts';
import { classesInTurn } from './contrastive.ts';
import type { Explainer, ExplainOutcome, ExplainSettings, ExplainTools, Prepared } from './explainer.ts';
import { defaultPrompt } from './prompts/default.ts';
import { hashesOf } from './prompts/prompt.ts';
import { refinePrompt } from './prompts/refine.ts';
import { requireTool } from './require-tool.ts';
import { spread } from './spread.ts';
import { judgeOnTrain, JUDGE_TEMPLATE, type TrainVerdicts } from './train-judge.ts';

/** Judged in a round, of each kind, and shown beside the mistakes. */
const JUDGED = 20;
const REMINDERS = 8;
/** Mistakes of a kind shown in a round; delphi's branch shows 20, which drowns a phrase that is nearly right. */
const SHOWN_MISTAKES = 6;

interface Round {
  text: string;
  /** Balanced accuracy on the judged train windows. */
  trainScore: number;
  missed: number;
  mistaken: number;
}

/**
 * Starts from the default's phrase, has it judged on train windows (detection, method.md §5.2), shows the model its worst
 * mistakes and asks for a better one, at most `rounds` times; what is kept is the phrase of the best train score, the
 * first of equals (after delphi's iterative explainer, method.md §4.3). The judge is the language model and not the
 * embedder: only verdicts say which windows are wrong, where a similarity would need a threshold of its own, and the
 * exam's detection is judged in the same way. Everything is of train documents, so that the exam stays unseen.
 */
export const refineExplainer: Explainer = {
  method: 'refine',
  asks: true,
  prepare(evidence, settings) {
    if (evidence.silent.length === 0) return { kind: 'unfit', reason: 'There are no silent windows of train documents to find mistakes on.' };
    const firing = spread(evidence.firing, JUDGED);
    return question(evidence.firing, firing, classesInTurn(evidence.silent, JUDGED, settings.seed, evidence.latent), settings);
  },
};

function question(all: readonly Example[], firing: readonly Example[], silent: readonly Example[], settings: ExplainSettings): Prepared {
  const base = defaultPrompt(all, settings);
  const hashes = hashesOf(base);
  const { template: refineTemplate, templateHash: refineHash } = hashesOf(refinePrompt(firing, { before: 'x', missed: [], mistaken: [] }, settings));
  const { rounds, temperature } = settings;
  return {
    kind: 'prepared',
    key: {
      prompt: hashes.promptHash,
      refine: refineHash,
      judge: JUDGE_TEMPLATE,
      judged: JSON.stringify([windowIds(firing), windowIds(silent)]),
      rounds,
      temperature,
      maxTokens: maxTokensOf(base),
    },
    shown: [...all, ...silent],
    async explain(tools, signal): Promise<ExplainOutcome> {
      const chat = requireTool(tools.chat, 'refine');
      const first = await askForPhrase(chat, base, { temperature, purpose: 'explain.refine' }, { cache: tools.cache, ...(signal && { signal }) });
      if (first.kind === 'upstream') return { kind: 'upstream', error: first.error };
      if (first.kind === 'bad_answer') return badAnswer(first.reasons, first.replies);
      const { tried, replies, ended } = await improve(chat, first.text, { firing, silent }, settings, tools, signal);
      const best = tried.reduce((a, b) => (b.trainScore > a.trainScore ? b : a), tried[0] ?? unjudged(first.text));
      return {
        kind: 'explained',
        text: best.text,
        provenance: {
          ...hashes,
          refineTemplate,
          judgeTemplate: JUDGE_TEMPLATE,
          windows: windowIds(all),
          silentWindows: windowIds(silent),
          rounds: tried,
          ended,
          ...callRecord(chat, maxTokensOf(base), [...first.replies, ...replies]),
          seed: settings.seed,
        },
      };
    },
  };
}

const unjudged = (text: string): Round => ({ text, trainScore: 0, missed: 0, mistaken: 0 });

/** Judges, asks and judges again. `ended`: why there is no further round. */
async function improve(
  chat: ChatClient,
  text: string,
  { firing, silent }: { firing: readonly Example[]; silent: readonly Example[] },
  settings: ExplainSettings,
  tools: ExplainTools,
  signal?: AbortSignal,
): Promise<{ tried: Round[]; replies: ChatReply[]; ended: string }> {
  const tried: Round[] = [];
  const replies: ChatReply[] = [];
  const how = { cache: tools.cache, ...(signal && { signal }) };
  for (let current = text; ;) {
    const verdicts = await judgeOnTrain(chat, current, { firing: firing.map(windowText), silent: silent.map(windowText) }, { ...how, seed: settings.seed });
    replies.push(...verdicts.replies);
    const round = roundOf(current, verdicts);
    if (round === null) return { tried, replies, ended: 'The judge gave too few usable verdicts.' };
    tried.push(round);
    if (round.missed + round.mistaken === 0) return { tried, replies, ended: 'No mistake was left on the train windows.' };
    if (tried.length > settings.rounds) return { tried, replies, ended: 'All rounds were used.' };
    const mistakes = {
      before: current,
      missed: firing.filter((_, i) => verdicts.firing[i] === false).slice(0, SHOWN_MISTAKES),
      mistaken: silent.filter((_, i) => verdicts.silent[i] === true).slice(0, SHOWN_MISTAKES),
    };
    const recognised = firing.filter((_, i) => verdicts.firing[i] !== false);
    const reminders = spread(recognised.length > 0 ? recognised : firing, REMINDERS);
    const answer = await askForPhrase(chat, refinePrompt(reminders, mistakes, settings), { temperature: settings.temperature, purpose: 'explain.refine' }, how);
    replies.push(...answer.replies);
    if (answer.kind !== 'phrase') return { tried, replies, ended: 'The model gave no usable better phrase.' };
    if (tried.some((one) => one.text === answer.text)) return { tried, replies, ended: 'The model gave a phrase that had been tried.' };
    current = answer.text;
  }
}

/** Null where less than half of a kind has a verdict: such a score would say nothing. */
function roundOf(text: string, { firing, silent }: TrainVerdicts): Round | null {
  const count = (verdicts: readonly (boolean | null)[], value: boolean): number => verdicts.filter((verdict) => verdict === value).length;
  const [hit, missed] = [count(firing, true), count(firing, false)];
  const [mistaken, passed] = [count(silent, true), count(silent, false)];
  if (2 * (hit + missed) < firing.length || 2 * (mistaken + passed) < silent.length) return null;
  return { text, trainScore: (hit / (hit + missed) + passed / (mistaken + passed)) / 2, missed, mistaken };
}
