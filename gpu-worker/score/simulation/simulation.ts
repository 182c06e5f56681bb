import type { Protocol } from '#lib/example/protocol.ts';
import { AppError } from '#lib/errors/app-error.ts';
import { isEndpointFailure } from '#gpu-worker/llm/unanswered.ts';
import type { ChatClient, ChatReply } from '#gpu-worker/llm/chat-client.ts';
import { fenceKey, promptHash } from '#gpu-worker/llm/prompt-text.ts';
import type { ChatMessage } from '#gpu-worker/model/chat-template.ts';
import { readAnswer } from '#gpu-worker/llm/read-answer.ts';
import { usageOf } from '#gpu-worker/llm/usage.ts';
import { settle } from '#gpu-worker/score/judge/ask-verdicts.ts';
import { repliesProvenance } from '#gpu-worker/score/judge/replies-provenance.ts';
import { completionsOf, readingProvenance, readPrompts } from '#gpu-worker/score/read-prompts.ts';
import type { FailureCause, LatentExam, Scorer } from '#gpu-worker/score/scorer.ts';
import { chatOf } from '#gpu-worker/score/services.ts';
import { simulationFigures, type Simulated } from './figures.ts';
import { SIMULATION_JSON_TEMPLATE, simulationAnswer, simulationPrompt } from './json-prompt.ts';
import { expectedLevels, likelihoodPrompt, SIMULATION_LIKELIHOOD_TEMPLATE, TEXT } from './likelihood-prompt.ts';
import { windowTokens, type WindowTokens } from './window-tokens.ts';

/**
 * Alternatives read at each place, as far as the endpoint gives them: with 20, a model of 135 million parameters left no
 * level at one or more of a window's 32 places in a fifth of the windows.
 */
const TOP = 50;
/** With fewer, most places of a window would lack most levels. */
const LEAST_TOP = 5;
/** Once more when an answer could not be used. */
const ATTEMPTS = 2;
const TEMPERATURE = 0;
/** Of an answer: about eight tokens for each of the window's, and some room. */
const answerTokens = (count: number): number => 64 + 16 * count;

/** What every kind of simulation has (method.md §5.4; Bills et al. 2023). */
const BASE = { name: 'simulation', metric: 'pearson_r', nullValue: 0, ofExplanation: true } as const;

const tokensOf = ({ exam, maxActivation }: LatentExam, normalise: Protocol['normalise']): WindowTokens[] =>
  exam.windows.map((window) => windowTokens(window, maxActivation, normalise));

/**
 * Simulation from the likelihoods of a model that is read: the expected activation of every token at once, from the
 * distribution over the levels at its unmeasured place. Pearson's r with the true activations over all tokens.
 */
export function likelihoodSimulationScorer(normalise: Protocol['normalise']): Scorer {
  return {
    ...BASE,
    needs: 'log_probs',
    template: SIMULATION_LIKELIHOOD_TEMPLATE,
    parameters: { mode: 'likelihood', top: TOP, normalise },
    examHash: (latentExam, explanation) =>
      promptHash(likelihoodSimulationPrompts(latentExam, explanation, normalise).map((content) => ({ role: 'user' as const, content }))),
    async score(latentExam, explanation, services, signal) {
      const completions = completionsOf(services);
      const { promptLogprobs, maxTop } = await completions.capabilities(signal);
      if (!promptLogprobs || maxTop < LEAST_TOP)
        throw new AppError(
          'unsupported',
          `The endpoint ${completions.endpoint} gives ${maxTop} alternatives at a place of a prompt, and simulation from likelihoods takes ${LEAST_TOP}: choose simulation by JSON, or a model that runs here.`,
          { field: 'scorers' },
        );
      const windows = tokensOf(latentExam, normalise);
      const top = Math.min(TOP, maxTop);
      const read = await readPrompts(completions, likelihoodSimulationPrompts(latentExam, explanation, normalise), { top, since: TEXT, signal });
      const failures: Record<FailureCause, number> = { bad_answer: 0, upstream: 0 };
      const simulated = windows.map(({ lines, activations }, i): Simulated | null => {
        const one = read[i] ?? null;
        const predicted = one && expectedLevels(one.tokens, lines.length);
        if (predicted) return { predicted, activations };
        failures[one === null ? 'upstream' : 'bad_answer'] += 1;
        return null;
      });
      return {
        ...simulationFigures(latentExam, simulated),
        failures,
        usage: usageOf(read.filter((one) => one !== null)),
        provenance: { ...readingProvenance(completions, read), alternatives: top },
      };
    },
  };
}

/** The prompts that an explanation's exam reads, one a window. */
export function likelihoodSimulationPrompts(latentExam: LatentExam, explanation: string, normalise: Protocol['normalise']): string[] {
  return tokensOf(latentExam, normalise).map(({ lines }) => likelihoodPrompt(explanation, lines));
}

/**
 * Simulation by a model that is asked: a number for every token as JSON, one window a prompt. An answer that cannot be used
 * is asked for once more; a window that still has none failed.
 */
export function jsonSimulationScorer(normalise: Protocol['normalise']): Scorer {
  return {
    ...BASE,
    needs: 'chat',
    template: SIMULATION_JSON_TEMPLATE,
    parameters: { mode: 'json', temperature: TEMPERATURE, normalise },
    examHash: (latentExam, explanation) =>
      promptHash(
        tokensOf(latentExam, normalise).flatMap(({ lines }, i) => simulationPrompt(explanation, lines, fenceKey(latentExam, [latentExam.exam.windows[i]!]))),
      ),
    async score(latentExam, explanation, services, signal) {
      const chat = chatOf(services);
      const windows = tokensOf(latentExam, normalise);
      const simulated = new Array<Simulated | null>(windows.length).fill(null);
      const failures: Record<FailureCause, number> = { bad_answer: 0, upstream: 0 };
      const replies: ChatReply[] = [];
      let askedAgain = 0;
      await settle(
        windows.map(async ({ lines, activations }, i) => {
          for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
            if (attempt > 0) askedAgain += 1;
            const answer = await ask(
              chat,
              simulationPrompt(explanation, lines, fenceKey(latentExam, [latentExam.exam.windows[i]!])),
              lines.length,
              attempt,
              signal,
            );
            if (answer === null) {
              failures.upstream += 1;
              return;
            }
            replies.push(answer.reply);
            if (answer.predicted !== null) {
              simulated[i] = { predicted: answer.predicted, activations };
              return;
            }
          }
          failures.bad_answer += 1;
        }),
      );
      return { ...simulationFigures(latentExam, simulated), failures, usage: usageOf(replies), provenance: { askedAgain, ...repliesProvenance(replies) } };
    },
  };
}

/** Null where the endpoint gave no answer. */
async function ask(
  chat: ChatClient,
  messages: readonly ChatMessage[],
  count: number,
  attempt: number,
  signal: AbortSignal,
): Promise<{ reply: ChatReply; predicted: number[] | null } | null> {
  const schema = simulationAnswer(count);
  try {
    const reply = await chat.chat({
      messages,
      maxTokens: answerTokens(count),
      temperature: TEMPERATURE,
      schema: { name: 'activations', schema },
      purpose: 'score.simulation',
      attempt,
      signal,
    });
    const answer = readAnswer(reply, schema);
    return { reply, predicted: answer.ok ? answer.value.activations.map(({ a }) => a) : null };
  } catch (error) {
    if (isEndpointFailure(error)) return null;
    throw error;
  }
}
