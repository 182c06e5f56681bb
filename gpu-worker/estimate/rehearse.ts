import { protocolNamed } from '#lib/example/protocol.ts';
import { askedOf } from '#lib/explanation/methods.ts';
import { llmScorers, READING_SCORERS } from '#lib/score/llm-scorers.ts';
import { rehearsalChat, type Rehearsed } from '#gpu-worker/llm/rehearsal-chat.ts';
import type { ChatClient } from '#gpu-worker/llm/chat-client.ts';
import { BLANK_EXPLANATION, CONTROL_SHARES } from '#gpu-worker/score/control.ts';
import { countTokenFrequency, tokenCounts } from '#gpu-worker/score/fuzzing/token-traits.ts';
import { evidenceOf, questionOf } from '#gpu-worker/stages/explain-questions.ts';
import type { RunFacts } from '#gpu-worker/stages/run-facts.ts';
import { runScorers } from '#gpu-worker/stages/run-scorers.ts';
import { examFor } from '#gpu-worker/stages/scorer-sittings.ts';
import type { SampleLatent } from './sample-latents.ts';

/** The calls of some latents for one purpose; `share`: of how many latents it is asked for. */
export interface Rehearsal {
  purpose: string;
  share: number;
  calls: Rehearsed[];
}

const EXPLANATION = 'Sums of money with their currency, in any country and century';
/** Never aborted: nothing is waited for. */
const { signal } = new AbortController();

/** Goes through the explaining and scoring of some latents as the run would, without asking anybody. */
export async function rehearse(run: RunFacts, of: Pick<ChatClient, 'model' | 'endpoint'>, latents: readonly SampleLatent[]): Promise<Rehearsal[]> {
  const out: Rehearsal[] = [];
  const rehearsal = async (purpose: string, share: number, work: (chat: ChatClient, latent: SampleLatent) => Promise<unknown>): Promise<void> => {
    const chat = rehearsalChat(of);
    for (const latent of latents) await work(chat, latent);
    if (chat.rehearsed.length > 0) out.push({ purpose, share, calls: chat.rehearsed });
  };
  const methods = askedOf(run.config.explainers);
  for (const method of methods) {
    await rehearsal(`explain.${method}`, 1, async (chat, { latent, loaded, profile }) => {
      const evidence = evidenceOf(latent, loaded, profile);
      const question = evidence && questionOf({ chat }, run, evidence, loaded, method);
      if (!question || !('prepared' in question) || !question.asks) return;
      await question.prepared.explain(
        { chat, cache: 'use', embed: (texts) => Promise.resolve(texts.map(() => new Float32Array(8).fill(Math.SQRT1_2 / 2))) },
        signal,
      );
    });
  }
  const explanations = methods.length + (run.config.explainers.includes('lexical') ? 1 : 0);
  const asking = llmScorers(run.config).filter((name) => !READING_SCORERS.includes(name));
  const frequency = countTokenFrequency(tokenCounts(latents.flatMap(({ loaded }) => loaded.examples)));
  for (const scorer of await runScorers({ run, frequency: () => Promise.resolve(frequency) }, asking)) {
    if (scorer.needs !== 'chat') continue;
    const sit = (chat: ChatClient, { latent, loaded, peak }: SampleLatent, text: string, isControl: boolean): Promise<unknown> => {
      const { latentExam, controlExam } = examFor(run, latent, loaded.examples, peak);
      return scorer.score(isControl ? controlExam : latentExam, text, { chat, completions: null, embed: null }, signal);
    };
    await rehearsal(`score.${scorer.name}`, scorer.ofExplanation ? explanations : 1, (chat, latent) => sit(chat, latent, EXPLANATION, false));
    const share = CONTROL_SHARES[run.config.detectionControl];
    if (!scorer.ofExplanation || share === 0) continue;
    await rehearsal(`score.${scorer.name}.control`, share * explanations, async (chat, latent) => {
      await sit(chat, latent, EXPLANATION, true);
      await sit(chat, latent, BLANK_EXPLANATION, true);
    });
  }
  return out;
}

/** Windows and tokens by which a protocol's latents are made up, in words. */
export function inventedBasis(run: RunFacts): string {
  const { name, windowLength } = protocolNamed(run.config.protocol);
  return `No latent of this coder stands sampled yet: prompts were made up by the numbers of protocol ${name}, windows of ${windowLength} tokens of English length.`;
}
