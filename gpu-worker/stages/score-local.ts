import type { Pool } from 'pg';
import { rngFor } from '#lib/random/rng.ts';
import { NEGATIVE_CLASSES, protocolNamed, type NegativeClass } from '#lib/example/protocol.ts';
import { lexicalRule } from '#lib/explanation/lexical-rule.ts';
import { ALGORITHM_VERSIONS, contentKey } from '#gpu-worker/activations/keys.ts';
import type { WindowEmbeddings } from '#gpu-worker/activations/window-embeddings.ts';
import { originOf } from '#gpu-worker/examples/shown-span.ts';
import { BLANK_EXPLANATION, controlLatent } from '#gpu-worker/score/control.ts';
import { examFrom, examOf, examShortfall, type Exam } from '#gpu-worker/score/exam.ts';
import { examFigures } from '#gpu-worker/score/figures.ts';
import { BASELINE_METHOD } from '#gpu-worker/score/lift.ts';
import { judgeByRule, ruleOverTokens, ruleOverWindows, ruleTokenParts, type ExamTokens } from '#gpu-worker/score/rule/rule-score.ts';
import type { TaskHandler } from '#platform/queue/types.ts';
import { currentExplanations, type CurrentExplanation } from './current-explanations.ts';
import { lexicalResources, lexicalWindow, type LexicalResources } from './explain-lexical.ts';
import { embeddingScore } from './embedding-score.ts';
import { failedScore, NO_PARTS } from './failed-score.ts';
import { refreshHeadlines } from './headlines.ts';
import { loadExamples, takenDownKey, type LoadedExamples } from './load-examples.ts';
import { readyLatents } from './plan.ts';
import { loadRun, requireFact, type RunFacts } from './run-facts.ts';
import { runWindowEmbeddings } from './sample-windows.ts';
import { scoreProvenance } from './score-provenance.ts';
import { insertScores, type NewScore } from './score-rows.ts';
import type { WorkerServices } from './services.ts';
import { loadEmbeddings, textHash } from './text-embeddings.ts';
import { yieldNow } from './yield-now.ts';

/** What the local scorers need beside a latent's examples. */
interface ScoringMaterial {
  run: RunFacts;
  embedder: string;
  /** Where that is, if not here. */
  endpoint: string | null;
  lexical: LexicalResources;
  windows: WindowEmbeddings | null;
  /** Explanations by latent, those of the controls included. */
  explanations: Map<number, CurrentExplanation[]>;
  vectors: Map<string, Float32Array>;
  latents: readonly number[];
}

/** Embedding and rule scores of a batch of latents, each beside the same score for another latent's explanation. */
export function scoreLocal(services: WorkerServices): TaskHandler<'score.local'> {
  return async ({ runId, latents }, context) => {
    const run = await loadRun(services.pool, runId);
    const material = await gather(services, run, latents);
    const examples = await loadExamples(services.pool, run.coderId, requireFact(run, 'sampleKey'), latents);
    const known = await knownScores(services.pool, run, latents);
    const scores: NewScore[] = [];
    for (const [done, latent] of latents.entries()) {
      scores.push(...scoresOf(material, latent, examples.get(latent), (explanation, scorer, inputKey) => known.has(`${explanation} ${scorer} ${inputKey}`)));
      context.progress(done + 1);
      await yieldNow(context.signal);
    }
    await context.commit(async (client) => {
      await insertScores(client, scores);
      await refreshHeadlines(client, run.coderId, latents);
      return { scores: scores.length };
    });
  };
}

/** One latent's scores but those that are known. */
function scoresOf(
  material: ScoringMaterial,
  latent: number,
  loaded: LoadedExamples | undefined,
  isKnown: (explanation: bigint, scorer: string, inputKey: string) => boolean,
): NewScore[] {
  const { scorers } = material.run.config;
  const exam = examOf(loaded?.examples ?? [], NEGATIVE_CLASSES);
  return (material.explanations.get(latent) ?? []).flatMap((explanation) => {
    const control = controlOf(material, latent, explanation.method);
    const row = rowFor(material, explanation, control, loaded?.takenDown.test ?? []);
    const open = (scorer: string): boolean => !isKnown(explanation.id, scorer, row.inputKey);
    return [
      ...(scorers.includes('embedding') && open('embedding') ? timed(() => embeddingRow(material, exam, explanation, control, row), material.endpoint) : []),
      ...(scorers.includes('rule') && explanation.rule !== null && open('rule_windows')
        ? timed(() => ruleRows(material, exam, explanation, control, row))
        : []),
    ];
  });
}

/** Scores with what they took; those that are taken together share it. */
function timed(take: () => NewScore[], endpoint: string | null = null): NewScore[] {
  const began = performance.now();
  return take().map((score) => ({ ...score, provenance: scoreProvenance(score.provenance, began, endpoint) }));
}

/** All local scores of one latent as a run would take them now, from its windows' and explanations' stored vectors. Nothing is written. */
export async function localScoresAgain(services: WorkerServices, run: RunFacts, latent: number): Promise<NewScore[]> {
  const material = await gather(services, run, [latent]);
  const examples = await loadExamples(services.pool, run.coderId, requireFact(run, 'sampleKey'), [latent]);
  return scoresOf(material, latent, examples.get(latent), () => false);
}

/** What was scored before from the same inputs, as `explanation scorer inputs`. */
async function knownScores(pool: Pool, run: RunFacts, latents: readonly number[]): Promise<Set<string>> {
  const { rows } = await pool.query<{ key: string }>(
    `SELECT concat_ws(' ', explanation_id, scorer, input_key) AS key FROM scores WHERE coder_id = $1 AND latent_index = ANY($2)`,
    [String(run.coderId), latents],
  );
  return new Set(rows.map(({ key }) => key));
}

async function gather(services: WorkerServices, run: RunFacts, latents: readonly number[]): Promise<ScoringMaterial> {
  const client = await services.pool.connect();
  try {
    const all = await readyLatents(client, run);
    const controls = latents.flatMap((latent) => controlLatent(all, latent, run.config.seed) ?? []);
    const explanations = new Map<number, CurrentExplanation[]>();
    for (const explanation of await currentExplanations(client, run, [...new Set([...latents, ...controls])])) {
      explanations.set(explanation.latent, [...(explanations.get(explanation.latent) ?? []), explanation]);
    }
    const { id: embedder, queryId, endpoint } = await services.embedder();
    const lexical = await lexicalResources(services, run);
    const hashes = [...[...explanations.values()].flat().map(({ text }) => text), BLANK_EXPLANATION].map(textHash);
    return {
      run,
      embedder,
      endpoint,
      lexical,
      latents: all,
      explanations,
      vectors: await loadEmbeddings(client, queryId, hashes),
      windows: run.config.scorers.includes('embedding') ? await runWindowEmbeddings(services, run, embedder) : null,
    };
  } finally {
    client.release();
  }
}

function controlOf({ latents, explanations, run }: ScoringMaterial, latent: number, method: string): CurrentExplanation | null {
  const other = controlLatent(latents, latent, run.config.seed);
  return (other === null ? undefined : explanations.get(other)?.find((explanation) => explanation.method === method)) ?? null;
}

/** The lexical baseline's explanation of the same latent, for one that is another's. */
function baselineOf({ explanations }: ScoringMaterial, { latent, method }: CurrentExplanation): CurrentExplanation | undefined {
  return method === BASELINE_METHOD ? undefined : explanations.get(latent)?.find((one) => one.method === BASELINE_METHOD);
}

/** What all scores of an explanation share. Documents taken down are no part of the exam; they are part of its key. */
function rowFor(material: ScoringMaterial, explanation: CurrentExplanation, control: CurrentExplanation | null, takenDown: readonly string[]) {
  const { run } = material;
  const baseline = baselineOf(material, explanation);
  return {
    coderId: run.coderId,
    latentIndex: explanation.latent,
    explanationId: explanation.id,
    runId: run.id,
    exam: 'test' as const,
    provenance: {
      sampleKey: requireFact(run, 'sampleKey'),
      embedder: material.embedder,
      controlExplanation: control ? String(control.id) : null,
      controlMissing: control ? null : 'The latent drawn for it, if the run has another, has no explanation of this kind.',
      seed: run.config.seed,
    },
    inputKey: contentKey({
      version: ALGORITHM_VERSIONS.localScores,
      explanation: explanation.inputKey,
      sample: requireFact(run, 'sampleKey'),
      embedder: material.embedder,
      control: control?.latent ?? null,
      controlInput: control?.inputKey ?? null,
      // The lift is over this one: a score that was taken before there was one has none.
      ...(baseline && { baseline: baseline.inputKey }),
      ...takenDownKey(takenDown),
      seed: run.config.seed,
    }),
  };
}

type Row = ReturnType<typeof rowFor>;

/** What a scorer that knows nothing scores, of these. */
const CHANCE = 0.5;

function failedRow(row: Row, exam: Exam, scorer: NewScore['scorer'], metric: NewScore['metric'], failure: string): NewScore {
  return { ...row, scorer, metric, ...failedScore(exam, scorer, failure), parts: { ...NO_PARTS, blank: null, lift: null, failures: {}, chance: CHANCE } };
}

/**
 * The classes that an embedding score may be reported on: not windows that the same embedder chose for being near, which
 * it would be asked to call far.
 */
export function fairClasses({ run, embedder }: Pick<ScoringMaterial, 'run' | 'embedder'>): NegativeClass[] {
  return NEGATIVE_CLASSES.filter((name) => name !== 'similar' || run.results.similarEmbedder !== embedder);
}

function embeddingRow(material: ScoringMaterial, whole: Exam, explanation: CurrentExplanation, control: CurrentExplanation | null, row: Row): NewScore[] {
  const { lexical, windows, vectors, run } = material;
  const shortfall = examShortfall(whole, protocolNamed(run.config.protocol));
  if (shortfall !== null) return [failedRow(row, whole, 'embedding', 'auroc', shortfall)];
  if (!windows) return [];
  const { windowLength } = protocolNamed(run.config.protocol);
  const classes = fairClasses(material);
  const exam = examFrom(whole.windows.filter(({ kind }) => kind === 'activating' || classes.includes(kind)));
  const score = embeddingScore({
    latentExam: { latent: explanation.latent, seed: run.config.seed, exam, maxActivation: 1 },
    vectors: {
      text: (text) => vectors.get(textHash(text)) ?? null,
      window: (window) => windows.vector(originOf(lexical.data, window, windowLength)),
    },
    ...{ explanation, control, baseline: baselineOf(material, explanation) ?? null, resampledControls: false },
  });
  if (score === null) return [];
  return score.value === null
    ? [failedRow(row, exam, 'embedding', 'auroc', 'No window of one class has an embedding.')]
    : [{ ...row, scorer: 'embedding', metric: 'auroc', ...score, failure: null }];
}

function ruleRows(material: ScoringMaterial, whole: Exam, explanation: CurrentExplanation, control: CurrentExplanation | null, row: Row): NewScore[] {
  const { lexical, run } = material;
  const { seed } = run.config;
  const shortfall = examShortfall(whole, protocolNamed(run.config.protocol));
  if (shortfall !== null)
    return [failedRow(row, whole, 'rule_tokens', 'auroc', shortfall), failedRow(row, whole, 'rule_windows', 'balanced_accuracy', shortfall)];
  const headline = whole.windows.flatMap(({ kind }, i) => (kind === 'activating' || kind === 'random' ? [i] : []));
  const texts: ExamTokens[] = whole.windows.map((window) => lexicalWindow(lexical.data, window));
  const judged = judgeByRule(texts, lexicalRule.parse(explanation.rule), lexical.tokens);
  const other = control?.rule ? judgeByRule(texts, lexicalRule.parse(control.rule), lexical.tokens) : null;
  const byToken = ruleOverTokens(whole, judged, headline, rngFor(seed, 'rule', explanation.latent));
  const said = judged.windows.map(({ fires, score }) => ({ score, yes: fires }));
  const windows = examFigures({ latent: explanation.latent, seed, exam: whole, maxActivation: 1 }, said, 'balanced_accuracy', 'rule');
  const rest = { blank: null, lift: null, failures: {}, chance: CHANCE };
  const rows: NewScore[] = [];
  if (byToken)
    rows.push({
      ...row,
      ...{ scorer: 'rule_tokens', metric: 'auroc', nFailed: 0, failure: null },
      ...byToken,
      control: other && ruleOverTokens(whole, other, headline, null),
      verdicts: [],
      parts: { ...ruleTokenParts(whole, judged, byToken), ...rest },
    });
  if (windows.value !== null) {
    const { parts, ...figures } = windows;
    rows.push({
      ...row,
      scorer: 'rule_windows',
      metric: 'balanced_accuracy',
      ...figures,
      failure: null,
      control: other && ruleOverWindows(whole, other, headline),
      parts: { ...parts, ...rest },
    });
  }
  return rows;
}
