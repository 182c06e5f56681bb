import { describe, expect, it } from 'vitest';
import { rngFor } from '#lib/random/rng.ts';
import { storedVerdicts, verdictsSchema, type Verdict } from '#lib/score/schema.ts';
import { window } from '#tests/doubles/windows.ts';
import { examOf } from './exam.ts';
import { liftOver } from './lift.ts';
import { simulationFigures } from './simulation/figures.ts';

const TEXTS = ['the {tax} on tea', 'a {tax} was paid', 'no {tax} on land', 'tea was paid for', 'land was bought here', 'the tea was sold'];
const exam = examOf(TEXTS.map((text, row) => window(text, { split: 'test', row, document: `document ${row}` })));
const latentExam = { latent: 3, seed: 1, exam, maxActivation: 1 };
const actual = exam.windows.map(({ activations }) => activations.map((value) => (value > 0 ? 10 : 0)));
/** Verdicts as they come back from the database. */
const judged = (predict: (window: number, token: number) => number): Verdict[] => {
  const simulated = actual.map((activations, i) => ({ activations, predicted: activations.map((_, token) => predict(i, token)) }));
  return verdictsSchema.parse(JSON.parse(JSON.stringify(storedVerdicts(simulationFigures(latentExam, simulated).verdicts))));
};

describe('lift of a simulation', () => {
  const exact = judged((i, token) => actual[i]![token]!);
  const rough = judged((i, token) => (actual[i]![token]! > 0 ? 10 : (i * 7 + token * 3) % 9));

  it('is how much better it correlates than the baseline over the same tokens', () => {
    const lift = liftOver(exam, 'pearson_r', exact, rough, rngFor('lift'))!;
    expect(lift).toMatchObject({ baseline: 'lexical', n: 6 });
    expect(lift.value).toBeGreaterThan(0.2);
    expect(lift.lower).toBeLessThanOrEqual(lift.value);
    expect(liftOver(exam, 'pearson_r', rough, exact, rngFor('lift'))!.value).toBeCloseTo(-lift.value, 12);
  });

  it('takes windows that both simulated, and is none where one said the same of every token', () => {
    const [first, ...others] = rough;
    const { simulated, ...failed } = first!;
    expect(simulated).toBeDefined();
    expect(liftOver(exam, 'pearson_r', exact, [{ ...failed, score: null }, ...others], rngFor('lift'))).toMatchObject({ n: 5 });
    expect(
      liftOver(
        exam,
        'pearson_r',
        exact,
        judged(() => 0),
        rngFor('lift'),
      ),
    ).toBeNull();
  });
});
