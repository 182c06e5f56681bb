import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { answerForm } from './answer-form.ts';
import { jsonSchemaOf } from './json-schema.ts';

const formOf = (schema: z.ZodType) => answerForm(jsonSchemaOf(schema));

describe('answerForm', () => {
  it('asks for a choice for each verdict and writes the rest itself', () => {
    expect(formOf(z.strictObject({ verdicts: z.array(z.literal([0, 1])).length(2) }))).toEqual([
      { kind: 'fixed', text: '{"verdicts":[' },
      { kind: 'choice', options: ['0', '1'] },
      { kind: 'fixed', text: ',' },
      { kind: 'choice', options: ['0', '1'] },
      { kind: 'fixed', text: ']}' },
    ]);
  });

  it('leaves texts open, in the order of the properties', () => {
    expect(formOf(z.strictObject({ notes: z.string(), explanation: z.string() }))).toEqual([
      { kind: 'fixed', text: '{"notes":"' },
      { kind: 'string' },
      { kind: 'fixed', text: '","explanation":"' },
      { kind: 'string' },
      { kind: 'fixed', text: '"}' },
    ]);
  });

  it('chooses whole numbers between bounds, booleans, and writes constants', () => {
    const schema = z.strictObject({ n: z.number().int().min(1).max(5), b: z.boolean(), c: z.literal('x'), e: z.array(z.string()).length(0) });
    expect(formOf(schema)).toEqual([
      { kind: 'fixed', text: '{"n":' },
      { kind: 'choice', options: ['1', '2', '3', '4', '5'] },
      { kind: 'fixed', text: ',"b":' },
      { kind: 'choice', options: ['true', 'false'] },
      { kind: 'fixed', text: ',"c":"x","e":[]}' },
    ]);
  });

  it.each([
    ['a list of any length', z.array(z.boolean())],
    ['a number without bounds', z.number().int().min(0)],
    ['more numbers than are a choice', z.number().int().min(0).max(1e6)],
    ['no number at all', z.number().int().min(3).max(2)],
    ['some of the numbers between bounds', z.number().int().min(0).max(10).multipleOf(5)],
    ['numbers that need not be whole', z.number().min(0).max(1)],
    ['a text with bounds', z.string().max(10)],
    ['a property that may be missing', z.strictObject({ a: z.boolean().optional() })],
    ['properties of any name', z.record(z.string(), z.boolean())],
    ['properties besides', z.looseObject({ a: z.boolean() })],
    ['one of several forms', z.union([z.string(), z.strictObject({ a: z.boolean() })])],
  ])('does not know %s', (_, schema) => {
    expect(formOf(z.strictObject({ known: z.boolean(), unknown: schema }))).toBe(null);
  });

  it('does not know an answer that is no object', () => {
    expect(formOf(z.literal([1, 10]))).toBe(null);
    expect(formOf(z.boolean())).toBe(null);
  });
});
