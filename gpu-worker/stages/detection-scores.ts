import type { Pool } from 'pg';
import { rngFor } from '#lib/random/rng.ts';
import { verdictsSchema } from '#lib/score/schema.ts';
import type { ChatClient } from '#gpu-worker/llm/chat-client.ts';
import { CONTROL_SHARES } from '#gpu-worker/score/detection/control.ts';
import { DETECTION_PARAMETERS, type Detection } from '#gpu-worker/score/detection/detect.ts';
import { DETECTION_TEMPLATE } from '#gpu-worker/score/detection/prompt.ts';
import { detectionResult, type DetectionResult } from '#gpu-worker/score/detection/result.ts';
import { failedKey, promptsHash, type Sitting } from './detection-sittings.ts';
import { failedScore } from './failed-score.ts';
import { requireFact, type RunFacts } from './run-facts.ts';
import type { NewScore } from './score-rows.ts';

/** An exam that was sat by the latent's own explanation. */
export interface Sat {
  sitting: Sitting;
  own: Detection;
  result: DetectionResult;
}

/** What every detection score of a sitting has, whatever came out. */
function baseOf(run: RunFacts, chat: ChatClient, { explanation, texts, controlMissing }: Sitting) {
  return {
    coderId: run.coderId,
    latentIndex: explanation.latent,
    explanationId: explanation.id,
    runId: run.id,
    scorer: 'detection' as const,
    metric: 'balanced_accuracy' as const,
    provenance: {
      sampleKey: requireFact(run, 'sampleKey'),
      template: DETECTION_TEMPLATE,
      promptsHash: promptsHash(explanation.text, texts),
      model: chat.model,
      endpoint: chat.endpoint,
      ...DETECTION_PARAMETERS,
      seed: run.config.seed,
      controlShare: CONTROL_SHARES[run.config.detectionControl],
      controlMissing,
    },
  };
}

/** The score of an exam that was not sat. Its key is the exam's own: the same windows would fall short again. */
export function shortScore(run: RunFacts, chat: ChatClient, sitting: Sitting): NewScore {
  const { exam, shortfall, inputKey } = sitting;
  return {
    ...baseOf(run, chat, sitting),
    ...failedScore(exam, 'detection', shortfall ?? ''),
    inputKey,
  };
}

/** The score of an exam that was sat, with its control where that was sat too. */
export function scoreOf(run: RunFacts, chat: ChatClient, { sitting, own, result }: Sat, control: Detection | null): NewScore {
  const base = baseOf(run, chat, sitting);
  const other = control && controlOf(run, sitting, control);
  return {
    ...base,
    ...result,
    control: other?.control ?? null,
    provenance: {
      ...base.provenance,
      temperature: own.temperature,
      structured: own.structured,
      askedAlone: own.askedAlone,
      failures: own.failures,
      ...own.usage,
      ...other?.provenance,
    },
    inputKey: result.failure !== null ? failedKey(run, sitting) : other?.control ? (sitting.controlKey ?? sitting.inputKey) : sitting.inputKey,
  };
}

/**
 * A score that stood without this control, with it: a row of its own, as scores are never changed. Null where the control
 * came to nothing; the score stands as it did.
 */
export async function withControl(pool: Pool, run: RunFacts, sitting: Sitting, scoreId: string, control: Detection): Promise<NewScore | null> {
  const other = controlOf(run, sitting, control);
  if (other.control === null || sitting.controlKey === null) return null;
  const { rows } = await pool.query<StandingRow>(
    'SELECT value, lower, upper, n_positives, n_negatives, n_failed, verdicts, provenance FROM scores WHERE coder_id = $1 AND id = $2',
    [String(run.coderId), scoreId],
  );
  const [row] = rows;
  if (row === undefined) return null;
  const { explanation, controlKey } = sitting;
  return {
    ...{ coderId: run.coderId, latentIndex: explanation.latent, explanationId: explanation.id, runId: run.id },
    ...{ scorer: 'detection', metric: 'balanced_accuracy', value: row.value, failure: null },
    interval: row.lower === null || row.upper === null ? null : { low: row.lower, high: row.upper },
    control: other.control,
    nPositives: row.n_positives,
    nNegatives: row.n_negatives,
    nFailed: row.n_failed,
    verdicts: verdictsSchema.parse(row.verdicts),
    provenance: { ...row.provenance, ownFigures: scoreId, controlShare: CONTROL_SHARES[run.config.detectionControl], ...other.provenance },
    inputKey: controlKey,
  };
}

interface StandingRow {
  value: number | null;
  lower: number | null;
  upper: number | null;
  n_positives: number;
  n_negatives: number;
  n_failed: number;
  verdicts: unknown;
  provenance: Record<string, unknown>;
}

/** A control's figure, and how it came about; without a figure, why there is none. */
function controlOf(run: RunFacts, { exam, explanation, control }: Sitting, detection: Detection) {
  const { value, interval, failure } = detectionResult(exam, detection.predictions, rngFor(run.config.seed, 'detection-control', explanation.latent));
  return {
    control: value === null ? null : { value, interval },
    provenance: {
      control: { explanation: String(control?.id), failures: detection.failures, ...detection.usage },
      controlMissing: failure === null ? null : `It was asked for and failed. ${failure}`,
    },
  };
}
