import { z } from 'zod';
import { isEndpointFailure } from '#gpu-worker/llm/unanswered.ts';
import type { Figure, Verdict } from '#lib/score/schema.ts';
import { clusterProportion } from '#lib/stats/cluster-proportion.ts';
import type { Interval } from '#lib/stats/interval.ts';
import type { ChatReply } from '#gpu-worker/llm/chat-client.ts';
import { fenceKey, promptsHash } from '#gpu-worker/llm/prompt-text.ts';
import type { ChatMessage } from '#gpu-worker/model/chat-template.ts';
import { readAnswer } from '#gpu-worker/llm/read-answer.ts';
import { usageOf } from '#gpu-worker/llm/usage.ts';
import type { Exam } from '#gpu-worker/score/exam.ts';
import { MIN_ANSWERED_SHARE } from '#gpu-worker/score/figures.ts';
import type { MarkingOptions } from '#gpu-worker/score/fuzzing/mark-exam.ts';
import { settle } from '#gpu-worker/score/judge/ask-verdicts.ts';
import { repliesProvenance } from '#gpu-worker/score/judge/replies-provenance.ts';
import type { FailureCause, LatentExam, Scorer, ScoreResult } from '#gpu-worker/score/scorer.ts';
import { chatOf } from '#gpu-worker/score/services.ts';
import { intruderGroups, type IntruderGroup } from './groups.ts';
import { INTRUDER_TEMPLATE, intruderPrompt } from './prompt.ts';

/** A type and not an interface, so that it can be a part of keys and provenance. */
export type IntruderParameters = {
  /** Windows in a group, the intruder among them; chance is 1 in so many. */
  groupSize: number;
  groups: number;
  maxTokens: number;
  temperature: number;
};
export const INTRUDER_PARAMETERS: IntruderParameters = { groupSize: 5, groups: 30, maxTokens: 500, temperature: 0 };

/**
 * Intruder detection (method.md §5.7): can the model tell a silent window among firing ones? It reads no explanation, so
 * this says whether the latent can be interpreted at all. Accuracy over groups; chance is 1 / group size.
 */
export function intruderScorer(parameters: IntruderParameters, marking: MarkingOptions): Scorer {
  const { groupSize, groups, maxTokens, temperature } = parameters;
  // Made for the exam's hash and again to be asked about: once.
  const made = new WeakMap<Exam, IntruderGroup[]>();
  const groupsOf = (latentExam: LatentExam): IntruderGroup[] => {
    const known = made.get(latentExam.exam) ?? intruderGroups(latentExam, groupSize, groups, marking);
    made.set(latentExam.exam, known);
    return known;
  };
  return {
    name: 'intruder',
    metric: 'accuracy',
    nullValue: 1 / groupSize,
    needs: 'chat',
    ofExplanation: false,
    template: INTRUDER_TEMPLATE,
    parameters: { ...parameters, threshold: marking.threshold },
    examHash: (latentExam) => promptsHash(groupsOf(latentExam).map((group) => promptOf(latentExam, group))),
    async score(latentExam, _explanation, services, signal) {
      const chat = chatOf(services);
      const shown = groupsOf(latentExam);
      const answers = new Array<number | null>(shown.length).fill(null);
      const failures: Record<FailureCause, number> = { bad_answer: 0, upstream: 0 };
      const replies: ChatReply[] = [];
      const schema = z.strictObject({ intruder: z.number().int().min(1).max(groupSize) });
      await settle(
        shown.map(async (group, i) => {
          try {
            const reply = await chat.chat({ messages: promptOf(latentExam, group), maxTokens, temperature, schema: { name: 'intruder', schema }, signal });
            replies.push(reply);
            const answer = readAnswer(reply, schema);
            if (answer.ok) answers[i] = answer.value.intruder - 1;
            else failures.bad_answer++;
          } catch (error) {
            if (!isEndpointFailure(error)) throw error;
            failures.upstream++;
          }
        }),
      );
      return resultOf(latentExam, shown, answers, failures, replies);
    },
  };
}

/** The question about one group. */
function promptOf(latentExam: LatentExam, { texts, windows }: IntruderGroup): ChatMessage[] {
  return intruderPrompt(
    texts,
    fenceKey(
      latentExam,
      windows.map((window) => latentExam.exam.windows[window]!),
    ),
  );
}

function resultOf(
  { exam }: LatentExam,
  groups: readonly IntruderGroup[],
  answers: readonly (number | null)[],
  failures: Record<FailureCause, number>,
  replies: readonly ChatReply[],
): ScoreResult {
  const right = groups.map(({ intruder }, i) => (answers[i] === null ? null : answers[i] === intruder));
  const judged = right.flatMap((is, i) => (is === null ? [] : [i]));
  const taken = groups.length > 0 && judged.length >= MIN_ANSWERED_SHARE * groups.length ? accuracyOf(exam.documents, groups, right, judged) : null;
  const quantiles = [...new Set(groups.map(({ quantile }) => quantile))].sort((a, b) => a - b);
  return {
    value: taken?.value ?? null,
    interval: taken?.interval ?? null,
    nPositives: 0,
    nNegatives: judged.length,
    nFailed: groups.length - judged.length,
    failure:
      taken !== null
        ? null
        : groups.length === 0
          ? 'No tenth of the firing windows has enough of them for a group.'
          : `There was a usable answer on ${judged.length} of ${groups.length} groups; a score takes half.`,
    failures,
    verdicts: groups.map(({ windows, intruder, marked }, i): Verdict => {
      const { row, start, kind } = exam.windows[windows[intruder]!]!;
      return { row, start, positive: false, score: null, right: right[i]!, kind, marked };
    }),
    parts: {
      classes: [],
      metrics: [],
      quantiles: quantiles.flatMap((quantile) => {
        const own = judged.filter((i) => groups[i]!.quantile === quantile);
        const one = own.length === 0 ? null : accuracyOf(exam.documents, groups, right, own);
        return one === null
          ? []
          : [
              {
                quantile,
                value: one.value,
                lower: one.interval?.low ?? null,
                upper: one.interval?.high ?? null,
                nPositives: 0,
                nNegatives: own.length,
              } satisfies Figure & { quantile: number },
            ];
      }),
    },
    usage: usageOf(replies),
    provenance: {
      ...repliesProvenance(replies),
      groups: groups.map(({ windows, intruder }) => ({ intruder, windows: windows.map((i) => [exam.windows[i]!.row, exam.windows[i]!.start]) })),
    },
  };
}

/**
 * Groups share firing windows within a decile and documents among their intruders, so the interval is the wider of two: over
 * intruders' documents, and over deciles where there are several.
 */
function accuracyOf(
  documents: readonly number[],
  groups: readonly IntruderGroup[],
  right: readonly (boolean | null)[],
  items: readonly number[],
): { value: number; interval: Interval | null } | null {
  const successes = items.map((i) => right[i] === true);
  const byDocument = clusterProportion(
    successes,
    items.map((i) => documents[groups[i]!.windows[groups[i]!.intruder]!]!),
  );
  const byDecile = clusterProportion(
    successes,
    items.map((i) => groups[i]!.quantile),
  );
  if (byDocument === null || byDecile === null) return null;
  const intervals = [byDocument.interval, byDecile.interval].filter((interval) => interval !== null);
  const interval = intervals.length === 0 ? null : { low: Math.min(...intervals.map(({ low }) => low)), high: Math.max(...intervals.map(({ high }) => high)) };
  return { value: byDocument.estimate, interval };
}
