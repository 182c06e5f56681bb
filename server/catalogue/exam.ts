import type { Pool } from 'pg';
import { z } from 'zod';
import { AppError } from '#lib/errors/app-error.ts';
import type { Example } from '#lib/example/schema.ts';
import type { Exam } from '#lib/score/exam.ts';
import { verdictsSchema } from '#lib/score/schema.ts';
import { notShown } from '#platform/database/withheld.ts';
import { type BlobRow, takenDown, visibleExamples } from './examples.ts';
import { SCORE_COLUMNS, type ScoreDbRow, toScore } from './explanations.ts';
import { findCoder } from './find.ts';

/** Only what is asked of a score's provenance here; it holds more. */
const provenanceSchema = z.object({ sampleKey: z.string().optional() });

type ExamRow = ScoreDbRow & {
  verdicts: unknown;
  provenance: unknown;
  run_id: string;
  latent_run_id: string | null;
  sample_key: string | null;
  explanation: string | null;
  withheld: boolean;
};

/**
 * Every verdict behind one score of a latent, with the window it was given on.
 * A window is named by row and position in one data set, so that text is taken only from the examples of the score's
 * own sample; where those are gone, and for documents taken down, the verdict stands without its text.
 * Throws AppError `not_found` for an unknown model, coder or score, and for the score of an explanation that a takedown
 * withholds.
 */
export async function getExam(pool: Pool, model: string, coder: string, index: number, scoreId: string): Promise<Exam> {
  const place = await findCoder(pool, model, coder);
  const { rows } = await pool.query<ExamRow>(
    `select ${SCORE_COLUMNS}, s.verdicts, s.provenance, s.run_id, x.text as explanation, x.id is not null and ${notShown('x')} as withheld, l.run_id as latent_run_id, l.sample_key
     from scores s
     left join explanations x on x.coder_id = s.coder_id and x.id = s.explanation_id
     left join latents l on l.coder_id = s.coder_id and l.index = s.latent_index
     where s.coder_id = $1 and s.id = $2 and s.latent_index = $3`,
    [place.coderId, scoreId, index],
  );
  const [row] = rows;
  if (row === undefined) {
    throw new AppError('not_found', `Latent ${index} of “${coder}” of “${model}” has no score ${scoreId}; its page lists its scores.`, { field: 'score' });
  }
  if (row.withheld) {
    throw new AppError(
      'not_found',
      `Score ${scoreId} belongs to an explanation that is withheld: it was withdrawn or hidden, or a document it was made from was taken down.`,
      {
        field: 'score',
      },
    );
  }
  const windows = await windowsOf(pool, place.coderId, index, sampleKeyOf(row));
  const verdicts = verdictsSchema.parse(row.verdicts).map((verdict) => ({ ...verdict, window: windows.shown.get(`${verdict.row}:${verdict.start}`) ?? null }));
  verdicts.sort((a, b) => (b.score ?? -Infinity) - (a.score ?? -Infinity) || 0);
  const suppressed = verdicts.filter((verdict) => windows.suppressed.has(`${verdict.row}:${verdict.start}`)).length;
  return { model, coder, index, explanation: row.explanation, score: toScore(row), verdicts, suppressed };
}

/** The sample a score's exam was drawn from: what its provenance says, or the latent's own when the same run made both. */
function sampleKeyOf(row: ExamRow): string | null {
  const { sampleKey } = provenanceSchema.parse(row.provenance);
  return sampleKey ?? (row.run_id === row.latent_run_id ? row.sample_key : null);
}

async function windowsOf(
  pool: Pool,
  coderId: string,
  index: number,
  sampleKey: string | null,
): Promise<{ shown: Map<string, Example>; suppressed: Set<string> }> {
  const none = { shown: new Map<string, Example>(), suppressed: new Set<string>() };
  if (sampleKey === null) return none;
  const { rows } = await pool.query<BlobRow>(
    'select blob, text_source_id, document_keys from example_blobs where coder_id = $1 and latent_index = $2 and sample_key = $3',
    [coderId, index, sampleKey],
  );
  const [blob] = rows;
  if (blob === undefined) return none;
  const { examples, suppressed } = visibleExamples(blob, await takenDown(pool, [blob]));
  const windowId = (example: Example): string => `${example.row}:${example.start}`;
  return { shown: new Map(examples.map((example) => [windowId(example), example])), suppressed: new Set(suppressed.map(windowId)) };
}
