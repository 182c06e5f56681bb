import type { Pool } from 'pg';
import type { Verdict } from '#lib/score/schema.ts';
import { chatForRun } from '#gpu-worker/llm/chat-for-run.ts';
import { completionsForRun } from '#gpu-worker/llm/completions-for-run.ts';
import { Slots } from '#gpu-worker/llm/slots.ts';
import { BLANK_EXPLANATION } from '#gpu-worker/score/control.ts';
import { forAttempt } from '#gpu-worker/score/for-attempt.ts';
import { forPurpose } from '#gpu-worker/score/for-purpose.ts';
import type { TokenFrequency } from '#gpu-worker/score/fuzzing/token-traits.ts';
import { BASELINE_METHOD } from '#gpu-worker/score/lift.ts';
import { completionsOf } from '#gpu-worker/score/read-prompts.ts';
import type { Scorer, ScorerServices } from '#gpu-worker/score/scorer.ts';
import type { TaskHandler } from '#platform/queue/types.ts';
import { countCauses, type LlmFailure } from './llm-failures.ts';
import { requireChat } from './require-chat.ts';
import { loadRun, logEvent, type RunFacts } from './run-facts.ts';
import { corpusFrequency, runScorers } from './run-scorers.ts';
import { insertScores } from './score-rows.ts';
import { scoreOf, shortScore, storedVerdictsOf, withControls, type Sat } from './scorer-scores.ts';
import { knownScores, sittingsOf, type Judge, type KnownScore, type Sitting } from './scorer-sittings.ts';
import type { WorkerServices } from './services.ts';
import { causeOf, sitControls, sitExams, type Ask } from './sit-exams.ts';

/** What scoring by a language model needs of a worker. */
export type ScoringServices = Pick<WorkerServices, 'pool' | 'chat' | 'completions' | 'requests' | 'prices' | 'artifacts' | 'cache'>;

/** Scores of a batch of latents by a language model: every scorer of every latent at once, as the client's slots allow. */
export function scoreLlm(
  services: ScoringServices,
  { frequency = corpusFrequency }: { frequency?: (services: Pick<WorkerServices, 'artifacts' | 'cache'>, run: RunFacts) => Promise<TokenFrequency> } = {},
): TaskHandler<'score.llm'> {
  // Tasks make their exams ready in turn, so that the first one's questions are asked while the next is made ready:
  // twelve at once on one thread are all ready when the last is, and the endpoint waits for seconds.
  const turn = new Slots(1);
  return async ({ runId, latents, scorers: names }, context) => {
    const { pool } = services;
    const run = await loadRun(pool, runId);
    const scorers = await runScorers({ run, frequency: () => frequency(services, run) }, names);
    const chat = scorers.some(({ needs }) => needs === 'chat') ? chatForRun(services, run) : null;
    const completions = scorers.some(({ needs }) => needs === 'log_probs') ? completionsForRun(services, run) : null;
    const judgeOf = ({ needs }: Scorer): Judge => (needs === 'chat' ? requireChat(services) : completionsOf(services));
    const sittings = await turn.run(() => sittingsOf(pool, run, judgeOf, scorers, latents, context.signal), context.signal);
    const known = await knownScores(pool, run, sittings);
    const open = sittings.filter(({ inputKey }) => !known.has(inputKey));
    const short = open.filter(({ shortfall }) => shortfall !== null);
    const unsat = open.filter(({ shortfall }) => shortfall === null);
    // Scored before, but without the controls that this run asks for: only those are paid for.
    const lacking = sittings.filter(({ inputKey, controlKey, shortfall }) => {
      const score = known.get(inputKey);
      return score !== undefined && shortfall === null && controlKey !== null && score.key !== controlKey;
    });

    const exams = unsat.length + lacking.length + unsat.filter(({ control }) => control !== null).length;
    let done = 0;
    const report = (): void => {
      // Counted in latents, of which some have several exams and some are tried twice.
      done = Math.min(exams, done + 1);
      context.progress(Math.floor((latents.length * done) / exams));
    };
    const ask: Ask = (client, { scorer, latentExam, controlExam, explanation, control }, attempt, of, signal) => {
      const purpose = of === 'own' ? `score.${scorer.name}` : `score.${scorer.name}.control`;
      const asking: ScorerServices = {
        chat: client && forAttempt(client, { purpose, attempt, seed: run.config.seed }),
        completions: completions && forPurpose(completions, { purpose }),
        embed: null,
      };
      const text = of === 'own' ? (explanation?.text ?? '') : of === 'other' ? (control?.text ?? '') : BLANK_EXPLANATION;
      return scorer.score(of === 'own' ? latentExam : controlExam, text, asking, signal);
    };
    const { sat, unpaid } = await sitExams(chat, unsat, ask, (await hasScores(pool, run)) || known.size > 0, report, context.signal);
    const usable = sat.filter(({ result }) => result.failure === null).map(({ sitting }) => sitting);
    const controls = await sitControls(chat, [...usable, ...lacking], ask, report, context.signal);

    const baselines = await baselineVerdicts(pool, run, sittings, sat, known);
    const scores = [
      ...short.map((sitting) => shortScore(run, sitting)),
      ...sat.map((one) => scoreOf(run, one, controls.get(one.sitting) ?? null, baselines.get(examId(one.sitting)) ?? null)),
    ];
    for (const sitting of lacking) {
      const control = controls.get(sitting);
      const score = control && (await withControls(pool, run, sitting, known.get(sitting.inputKey)!.id, control));
      if (score) scores.push(score);
    }
    const failures = [
      ...short.map(({ latent, shortfall }): LlmFailure => ({ latent, cause: 'no_windows', message: shortfall ?? '' })),
      ...sat.flatMap(failureOf),
      ...unpaid.map(({ latent, scorer }): LlmFailure => ({ latent, cause: 'budget_spent', message: `${scorer.name}: the run’s budget is spent.` })),
    ];
    const controlsFailed = controls.size - scores.filter(({ control }) => control !== null).length;
    await context.commit(async (client) => {
      await insertScores(client, scores);
      const windowsFailed = sat.reduce((sum, { result }) => sum + result.failures.bad_answer + result.failures.upstream, 0);
      if (failures.length > 0 || windowsFailed > 0 || controlsFailed > 0) {
        const data = {
          model: sittings[0]?.judge.model ?? null,
          endpoint: sittings[0]?.judge.endpoint ?? null,
          scorers: names,
          windowsFailed,
          controlsFailed,
          ...countCauses(failures),
        };
        await logEvent(client, run.id, { level: 'warn', stage: 'score', event: 'scores_failed', data });
      }
      return { scores: scores.filter(({ failure }) => failure === null).length, reused: known.size, failed: failures.length, windowsFailed };
    });
  };
}

const examId = ({ latent, scorer }: Sitting): string => `${latent} ${scorer.name}`;

/** What the lexical baseline's explanations were judged to be right and wrong on, by latent and scorer: sat now or before. */
async function baselineVerdicts(
  pool: Pool,
  run: RunFacts,
  sittings: readonly Sitting[],
  sat: readonly Sat[],
  known: ReadonlyMap<string, KnownScore>,
): Promise<Map<string, readonly Verdict[]>> {
  const out = new Map<string, readonly Verdict[]>();
  // Needed only where another explanation of the latent was judged by the same scorer just now.
  const needed = new Set(
    sat.filter(({ sitting }) => sitting.explanation !== null && sitting.explanation.method !== BASELINE_METHOD).map(({ sitting }) => examId(sitting)),
  );
  for (const sitting of sittings) {
    if (sitting.explanation?.method !== BASELINE_METHOD || !needed.has(examId(sitting))) continue;
    const own = sat.find((one) => one.sitting === sitting);
    const stored = known.get(sitting.inputKey);
    if (own) out.set(examId(sitting), own.result.verdicts);
    else if (stored) out.set(examId(sitting), await storedVerdictsOf(pool, run, stored.id));
  }
  return out;
}

/** Whether a batch of the run has had usable answers. */
async function hasScores(pool: Pool, run: RunFacts): Promise<boolean> {
  const { rowCount } = await pool.query(
    `SELECT 1 FROM run_tasks WHERE run_id = $1 AND job = 'score.llm' AND (result->>'scores')::int + (result->>'reused')::int > 0 LIMIT 1`,
    [String(run.id)],
  );
  return rowCount === 1;
}

function failureOf(sat: Sat): LlmFailure[] {
  const { sitting, result } = sat;
  return result.failure === null ? [] : [{ latent: sitting.latent, cause: causeOf(sat), message: `${sitting.scorer.name}: ${result.failure}` }];
}
