import { EXPLAIN_SETTINGS, type Evidence } from '#gpu-worker/explain/explainer.ts';
import { EXPLAINER_OF } from '#gpu-worker/explain/explainers.ts';
import type { ChatRequest } from '#gpu-worker/llm/chat-client.ts';
import { commonPrefix, promptText, rehearsalChat } from '#gpu-worker/llm/rehearsal-chat.ts';
import { openTokenizer } from '#gpu-worker/model/tokenizer.ts';
import { detectionScorer } from '#gpu-worker/score/detection/detection.ts';
import { examOf } from '#gpu-worker/score/exam.ts';
import { countTokenFrequency } from '#gpu-worker/score/fuzzing/token-traits.ts';
import { fuzzingScorer } from '#gpu-worker/score/fuzzing/fuzzing.ts';
import { JUDGE_PARAMETERS } from '#gpu-worker/score/judge/ask-verdicts.ts';
import type { Scorer } from '#gpu-worker/score/scorer.ts';
import { shuffledExam } from '#gpu-worker/score/shuffled-exam.ts';
import { bookCounts, textLatents, type TextLatent } from '#tests/doubles/text-latents.ts';
import type { Print } from './print.ts';

const [LATENTS, SEED] = [18, 22];
/** What a model says of a latent, in length: 12 words. */
const EXPLANATION = 'Sums of money with their currency, in any country and century';
/** Paulo et al. 2024, Table 1 (five items a prompt): tokens in, the cacheable ones of them; both scorers together 36.6k. */
const PAPER = { detection: { tokens: 17_000, cacheable: 11_900 }, fuzzing: { tokens: 19_600, cacheable: 14_200 } } as const;
const PAPER_TOTAL = PAPER.detection.tokens + PAPER.fuzzing.tokens;

/** What a prompt is for, and what is in it that the last latent's did not have. */
interface Measured {
  tokens: number;
  cacheable: number;
  calls: number;
}

/**
 * Tokens of prompts for one latent: explanation from 40 windows, detection and fuzzing over 50 firing and 50 silent ones,
 * of Moby Dick. Counted by a word-piece tokenizer of 30,522 pieces, as the models' own are not at hand; the paper counted
 * Llama's on web text. Cacheable: what all latents' prompts for the same purpose begin with.
 */
export async function benchPromptTokens(print: Print): Promise<void> {
  const tokenizer = await openTokenizer('models/all-MiniLM-L6-v2');
  const latents = textLatents(LATENTS, SEED);
  const measured = (requests: readonly ChatRequest[]): Measured => {
    const texts = requests.map(promptText);
    const shared = commonPrefix(texts);
    // Texts are counted apart from the prefix, which many share.
    const prefix = tokenizer.encode(texts[0]!.slice(0, shared)).length;
    const rest = texts.reduce((sum, text) => sum + tokenizer.encode(text.slice(shared)).length, 0);
    const per = (tokens: number): number => Math.round(tokens / latents.length);
    return { tokens: per(prefix * texts.length + rest), cacheable: per(prefix * texts.length), calls: per(texts.length) };
  };
  const explain = measured((await Promise.all(latents.map(explainPrompts))).flat());
  print({ prompts: 'explain', items: 40, ...explain });
  const frequency = countTokenFrequency(bookCounts());
  for (const items of [1, 5, 10]) {
    const parameters = { ...JUDGE_PARAMETERS, windowsPerPrompt: items };
    const scorers = { detection: detectionScorer(parameters), fuzzing: fuzzingScorer(parameters, { threshold: 0.3, frequency }) };
    let total = { ...explain };
    for (const [name, scorer] of Object.entries(scorers)) {
      const one = measured((await Promise.all(latents.map((latent) => examPrompts(scorer, latent)))).flat());
      const paper = PAPER[name as keyof typeof PAPER];
      print({ prompts: name, items_a_prompt: items, ...one, paper_tokens: paper.tokens, paper_cacheable: paper.cacheable });
      total = { tokens: total.tokens + one.tokens, cacheable: total.cacheable + one.cacheable, calls: total.calls + one.calls };
    }
    print({
      prompts: 'all',
      items_a_prompt: items,
      ...total,
      uncacheable: total.tokens - total.cacheable,
      paper_tokens: PAPER_TOTAL,
      fewer_than_paper: Number((1 - total.tokens / PAPER_TOTAL).toFixed(3)),
      ...(items === 10 && { target: 0.4 }),
    });
  }
}

async function explainPrompts({ index, examples }: TextLatent): Promise<ChatRequest[]> {
  const chat = rehearsalChat({ model: 'bench', endpoint: 'bench' });
  const firing = examples.filter(({ kind }) => kind === 'activating').slice(0, 40);
  const profile: Evidence['profile'] = {
    ...{ frequency: 0.01, positionInformation: 0, positions: [], rowLength: 256, singleToken: null, tokens: [], logits: null },
  };
  const prepared = EXPLAINER_OF.default.prepare({ latent: index, firing, silent: [], profile }, { ...EXPLAIN_SETTINGS, seed: SEED });
  if (prepared.kind === 'unfit') throw new Error(prepared.reason);
  await prepared.explain({ chat, cache: 'use', embed: () => Promise.resolve([]) });
  return chat.rehearsed.map(({ request }) => request);
}

async function examPrompts(scorer: Scorer, { index, examples }: TextLatent): Promise<ChatRequest[]> {
  const chat = rehearsalChat({ model: 'bench', endpoint: 'bench' });
  const exam = shuffledExam(examOf(examples), SEED, index);
  const maxActivation = Math.max(...examples.map((example) => example.maxActivation));
  await scorer.score({ latent: index, seed: SEED, exam, maxActivation }, EXPLANATION, { chat, completions: null, embed: null }, new AbortController().signal);
  return chat.rehearsed.map(({ request }) => request);
}
