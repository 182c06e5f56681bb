import type { Pool, PoolClient } from 'pg';
import { copyRows } from '#platform/database/copy-rows.ts';
import type { RunFacts } from './run-facts.ts';

/** Why there is no explanation. */
export type AttemptCause =
  /** Answers came and none could be used. */
  | 'bad_answer'
  /** The endpoint gave no answer. */
  | 'upstream'
  /** The run's budget allowed no call. */
  | 'budget_spent'
  /** The method has nothing to work on for this latent. */
  | 'unfit'
  /** No method would say anything true of it. */
  | 'not_explainable'
  /** Takedowns have left no train window. */
  | 'no_windows';

/** What came of one explainer that a run asked of one latent. */
export interface Attempt {
  latent: number;
  /** As the configuration names it, `llm` being `default`. */
  asked: string;
  method: string | null;
  /** Why this method, where statistics chose it. */
  reason: string | null;
  outcome: { inputKey: string } | { cause: AttemptCause; message: string };
}

const COLUMNS = ['coder_id', 'latent_index', 'run_id', 'asked', 'method', 'reason', 'input_key', 'cause', 'message'];

/** Writes what came of a batch; a task that is done again says anew what came of it. */
export async function writeAttempts(client: PoolClient, run: Pick<RunFacts, 'id' | 'coderId'>, attempts: readonly Attempt[]): Promise<void> {
  await client.query('CREATE TEMP TABLE new_attempts (LIKE explanation_attempts INCLUDING DEFAULTS) ON COMMIT DROP');
  await copyRows(
    client,
    'new_attempts',
    COLUMNS,
    attempts.map(({ latent, asked, method, reason, outcome }) => [
      run.coderId,
      latent,
      run.id,
      asked,
      method,
      reason,
      'inputKey' in outcome ? outcome.inputKey : null,
      'cause' in outcome ? outcome.cause : null,
      'message' in outcome ? outcome.message : null,
    ]),
  );
  const columns = COLUMNS.join(', ');
  await client.query(
    `INSERT INTO explanation_attempts (${columns}) SELECT ${columns} FROM new_attempts ORDER BY latent_index, asked
     ON CONFLICT (coder_id, run_id, latent_index, asked) DO UPDATE
       SET method = EXCLUDED.method, reason = EXCLUDED.reason, input_key = EXCLUDED.input_key, cause = EXCLUDED.cause, message = EXCLUDED.message, created_at = now()`,
  );
}

/** SQL condition: the explanation row `alias` is one that the run (a parameter's place, such as `$1`) has, made by it or before from the same inputs. */
export function ofRun(alias: string, run: string): string {
  return `EXISTS (SELECT 1 FROM explanation_attempts AS tried
    WHERE tried.coder_id = ${alias}.coder_id AND tried.latent_index = ${alias}.latent_index AND tried.run_id = ${run} AND tried.input_key = ${alias}.input_key)`;
}

/** How a run's explainers fared, for its figures: by what was asked, how many have an explanation by method, and how many have none by cause. */
export async function attemptFigures(
  db: Pool | PoolClient,
  run: Pick<RunFacts, 'id' | 'coderId'>,
): Promise<Record<string, Record<string, Record<string, number>>>> {
  const { rows } = await db.query<{ asked: string; method: string; cause: string | null; n: number }>(
    `SELECT asked, coalesce(method, 'none') AS method, cause, COUNT(*)::int AS n FROM explanation_attempts
      WHERE coder_id = $1 AND run_id = $2 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
    [String(run.coderId), String(run.id)],
  );
  const figures: Record<string, { explained: Record<string, number>; failed: Record<string, number> }> = {};
  for (const { asked, method, cause, n } of rows) {
    const own = (figures[asked] ??= { explained: {}, failed: {} });
    if (cause === null) own.explained[method] = (own.explained[method] ?? 0) + n;
    else own.failed[cause] = (own.failed[cause] ?? 0) + n;
  }
  return figures;
}
