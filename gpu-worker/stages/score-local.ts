import type { Pool } from 'pg';
import { rngFor, type Rng } from '#lib/random/rng.ts';
import { ATLAS_PROTOCOL } from '#lib/example/protocol.ts';
import { lexicalRule } from '#lib/explanation/lexical-rule.ts';
import { ALGORITHM_VERSIONS, contentKey } from '#gpu-worker/activations/keys.ts';
import { readWindowEmbeddings, windowShardCount, type WindowEmbeddings } from '#gpu-worker/activations/window-embeddings.ts';
import { originOf } from '#gpu-worker/examples/shown-span.ts';
import { tilesOf } from '#gpu-worker/examples/windows.ts';
import { controlLatent } from '#gpu-worker/score/control.ts';
import { embeddingScore } from '#gpu-worker/score/embedding/embedding-score.ts';
import { examOf, examShortfall, type Exam } from '#gpu-worker/score/exam.ts';
import { ruleScore, type ExamTokens } from '#gpu-worker/score/rule/rule-score.ts';
import type { TaskHandler } from '#platform/queue/types.ts';
import { currentExplanations, type CurrentExplanation } from './current-explanations.ts';
import { lexicalResources, lexicalWindow, type LexicalResources } from './explain-lexical.ts';
import { failedScore } from './failed-score.ts';
import { refreshHeadlines } from './headlines.ts';
import { loadExamples, takenDownKey } from './load-examples.ts';
import { readyLatents } from './plan.ts';
import { loadRun, requireFact, type RunFacts } from './run-facts.ts';
import { insertScores, type NewScore } from './score-rows.ts';
import { windowEmbeddingsKey } from './score-windows.ts';
import type { WorkerServices } from './services.ts';
import { loadEmbeddings, textHash } from './text-embeddings.ts';
import { yieldNow } from './yield-now.ts';

/** What the local scorers need beside a latent's examples. */
interface ScoringMaterial {
  run: RunFacts;
  embedder: string;
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
      const loaded = examples.get(latent);
      const exam = examOf(loaded?.examples ?? []);
      const takenDown = loaded?.takenDown.test ?? [];
      for (const explanation of material.explanations.get(latent) ?? []) {
        const control = controlOf(material, latent, explanation.method);
        const row = rowFor(material, explanation, control, takenDown);
        const scored = (scorer: string): boolean => known.has(`${explanation.id} ${scorer} ${row.inputKey}`);
        if (run.config.scorers.includes('embedding') && !scored('embedding')) scores.push(...embeddingRow(material, exam, explanation, control, row));
        if (run.config.scorers.includes('rule') && explanation.rule !== null && !scored('rule_windows'))
          scores.push(...ruleRows(material, exam, explanation, control, row));
      }
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
    for (const explanation of await currentExplanations(client, run, [...new Set([...latents, ...controls])], services.chat)) {
      explanations.set(explanation.latent, [...(explanations.get(explanation.latent) ?? []), explanation]);
    }
    const embedder = (await services.embedder()).id;
    const lexical = await lexicalResources(services, run);
    const hashes = [...explanations.values()].flat().map(({ text }) => textHash(text));
    const key = windowEmbeddingsKey(run, embedder);
    return {
      run,
      embedder,
      lexical,
      latents: all,
      explanations,
      vectors: await loadEmbeddings(client, embedder, hashes),
      windows: run.config.scorers.includes('embedding')
        ? await services.cache.get(`windows:${key}`, () =>
            readWindowEmbeddings(services.artifacts, key, windowShardCount(tilesOf(lexical.data, ATLAS_PROTOCOL.windowLength, 'test').length)),
          )
        : null,
    };
  } finally {
    client.release();
  }
}

function controlOf({ latents, explanations, run }: ScoringMaterial, latent: number, method: string): CurrentExplanation | null {
  const other = controlLatent(latents, latent, run.config.seed);
  return (other === null ? undefined : explanations.get(other)?.find((explanation) => explanation.method === method)) ?? null;
}

/** What all scores of an explanation share. Documents taken down are no part of the exam; they are part of its key. */
function rowFor(material: ScoringMaterial, explanation: CurrentExplanation, control: CurrentExplanation | null, takenDown: readonly string[]) {
  const { run } = material;
  return {
    coderId: run.coderId,
    latentIndex: explanation.latent,
    explanationId: explanation.id,
    runId: run.id,
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
      ...takenDownKey(takenDown),
      seed: run.config.seed,
    }),
  };
}

type Row = ReturnType<typeof rowFor>;

function failedRow(row: Row, exam: Exam, scorer: NewScore['scorer'], metric: NewScore['metric'], failure: string): NewScore {
  return { ...row, scorer, metric, ...failedScore(exam, scorer, failure) };
}

function embeddingRow(material: ScoringMaterial, exam: Exam, explanation: CurrentExplanation, control: CurrentExplanation | null, row: Row): NewScore[] {
  const { lexical, windows, vectors, run } = material;
  const shortfall = examShortfall(exam);
  if (shortfall !== null) return [failedRow(row, exam, 'embedding', 'auroc', shortfall)];
  const own = vectors.get(textHash(explanation.text));
  if (!own || !windows) return [];
  const embedded = exam.windows.map(({ row, start }) => windows.vector(originOf(lexical.data, row, start)));
  const score = (vector: Float32Array, what: string) => embeddingScore(exam, vector, embedded, rngFor(run.config.seed, what, explanation.latent));
  const scored = score(own, 'embedding');
  if (!scored) return [failedRow(row, exam, 'embedding', 'auroc', 'No window of one class has an embedding.')];
  const other = control && vectors.get(textHash(control.text));
  return [
    {
      ...row,
      scorer: 'embedding',
      metric: 'auroc',
      ...scored,
      failure: null,
      control: other ? score(other, 'embedding-control') : null,
    },
  ];
}

function ruleRows(material: ScoringMaterial, exam: Exam, explanation: CurrentExplanation, control: CurrentExplanation | null, row: Row): NewScore[] {
  const { lexical, run } = material;
  const shortfall = examShortfall(exam);
  if (shortfall !== null)
    return [failedRow(row, exam, 'rule_tokens', 'auroc', shortfall), failedRow(row, exam, 'rule_windows', 'balanced_accuracy', shortfall)];
  const texts: ExamTokens[] = exam.windows.map((window) => lexicalWindow(lexical.data, window));
  const score = (rule: unknown, rng: Rng | null) => ruleScore(exam, texts, lexicalRule.parse(rule), lexical.tokens, rng);
  const own = score(explanation.rule, rngFor(run.config.seed, 'rule', explanation.latent));
  const other = control?.rule ? score(control.rule, null) : null;
  const used = { ...row, nFailed: 0, failure: null };
  const rows: NewScore[] = [];
  if (own.tokens) rows.push({ ...used, scorer: 'rule_tokens', metric: 'auroc', ...own.tokens, control: other?.tokens ?? null, verdicts: [] });
  if (own.windows)
    rows.push({ ...used, scorer: 'rule_windows', metric: 'balanced_accuracy', ...own.windows, control: other?.windows ?? null, verdicts: own.verdicts });
  return rows;
}
