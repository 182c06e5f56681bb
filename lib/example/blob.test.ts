import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAppError } from '#lib/errors/app-error.ts';
import { decodeExamples, encodeExamples, type StoredExample } from './blob.ts';
import { NEGATIVE_CLASSES } from './protocol.ts';

const example = fc.integer({ min: 1, max: 64 }).chain((length): fc.Arbitrary<StoredExample> =>
  fc.record({
    row: fc.nat(2 ** 32 - 1),
    start: fc.nat(65_535),
    split: fc.constantFrom('train' as const, 'test' as const, 'reserve' as const),
    kind: fc.constantFrom('activating' as const, ...NEGATIVE_CLASSES),
    quantile: fc.option(fc.nat(9)),
    document: fc.string({ maxLength: 12 }),
    tokens: fc.array(fc.string({ unit: 'grapheme', maxLength: 6 }), { minLength: length, maxLength: length }),
    activations: fc.array(fc.float({ min: 0, max: 1e6, noNaN: true, noDefaultInfinity: true }), { minLength: length, maxLength: length }),
  }),
);

describe('example blob', () => {
  it('gives back what was put in, with the strongest token pointed out', () => {
    fc.assert(
      fc.property(fc.array(example, { maxLength: 20 }), (examples) => {
        const decoded = decodeExamples(encodeExamples(examples));
        expect(decoded.length).toBe(examples.length);
        decoded.forEach(({ maxActivation, maxIndex, ...stored }, i) => {
          expect(stored).toEqual({ ...examples[i], activations: examples[i]?.activations.map((a) => (a === 0 ? 0 : a)) });
          expect(maxActivation).toBe(Math.max(...stored.activations, 0));
          if (maxIndex !== null) expect(stored.activations[maxIndex]).toBe(maxActivation);
          else expect(maxActivation).toBe(0);
        });
      }),
    );
  });

  it.each([
    ['nothing', new Uint8Array()],
    ['noise', new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8])],
    ['half a blob', encodeExamples([]).subarray(0, 4)],
  ])('refuses %s in one sentence', (_, bytes) => {
    try {
      decodeExamples(bytes);
      expect.unreachable();
    } catch (error) {
      expect(isAppError(error) && error.code).toBe('corrupt_file');
    }
  });
});
