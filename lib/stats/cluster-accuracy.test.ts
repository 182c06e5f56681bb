import { describe, expect, it } from 'vitest';
import { clusterAccuracy } from './cluster-accuracy.ts';
import { wilson } from './wilson.ts';

const exam = (positives: readonly (readonly number[])[], negatives: readonly (readonly number[])[]) => {
  const items = [
    ...positives.flatMap((scores, document) => scores.map((score) => ({ label: 1, score, document }))),
    ...negatives.flatMap((scores, document) => scores.map((score) => ({ label: 0, score, document }))),
  ];
  return { labels: items.map(({ label }) => label), scores: items.map(({ score }) => score), documents: items.map(({ document }) => document) };
};

describe('clusterAccuracy', () => {
  it('is Wilson’s interval of all windows, but for Student’s t, where each is of a document of its own', () => {
    const side = (wrong: number, right: number) => [...Array<number[]>(wrong).fill([1 - right]), ...Array<number[]>(1000 - wrong).fill([right])];
    const { low, high } = clusterAccuracy(exam(side(100, 1), side(100, 0)))!;
    const plain = wilson(1800, 2000)!;
    // t of 999 degrees of freedom is 1.9623 where z is 1.9600, and the variance has 1000 / 999 of the plain one.
    expect(low).toBeCloseTo(plain.low, 4);
    expect(high).toBeCloseTo(plain.high, 4);
  });

  it('takes windows of one document that all agree for one observation', () => {
    const once = clusterAccuracy(exam([[1], [1], [0], [1], [0], [1]], [[0], [0], [1], [0], [1], [0]]))!;
    const five = clusterAccuracy(
      exam(
        [[1], [1], [0], [1], [0], [1]].map(([x]) => Array<number>(5).fill(x!)),
        [[0], [0], [1], [0], [1], [0]].map(([x]) => Array<number>(5).fill(x!)),
      ),
    )!;
    // The variance of six documents is D / (D − 1) = 6/5 of that of six windows in both.
    expect(five.low).toBeCloseTo(once.low, 12);
    expect(five.high).toBeCloseTo(once.high, 12);
  });

  it('reckons with a correlation of .2 where nothing is wrong', () => {
    const perfect = clusterAccuracy(exam(Array<number[]>(10).fill([1, 1, 1, 1]), Array<number[]>(10).fill([0, 0, 0, 0])))!;
    // 80 windows, each met with four of its document: 80 / 1.6 = 50; n / (n + t²), t(9) = 2.262157.
    expect(perfect.high).toBe(1);
    expect(perfect.low).toBeCloseTo(50 / (50 + 2.262157 ** 2), 5);
  });

  it('does not collapse for a model that says no to everything', () => {
    const { low, high } = clusterAccuracy(exam(Array<number[]>(20).fill([0, 0]), Array<number[]>(20).fill([0, 0])))!;
    expect(low).toBeGreaterThan(0.3);
    expect(low).toBeLessThan(0.42);
    expect(high).toBeCloseTo(1 - low, 12);
  });

  it('has nothing to say of one document', () => {
    expect(clusterAccuracy(exam([[1, 1, 0]], [[0], [1]]))).toBeNull();
  });
});
