import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readAnswer } from './read-answer.ts';

const schema = z.strictObject({ verdicts: z.array(z.literal([0, 1])).length(3) });
const read = (text: string, finishReason: string | null = 'stop') => readAnswer({ text, finishReason }, schema);

describe('readAnswer', () => {
  it.each([
    ['bare', '{"verdicts":[1,0,1]}'],
    ['in a code fence', '```json\n{"verdicts": [1, 0, 1]}\n```'],
    ['with words and stray braces around', 'Let me see {hm}. {"verdicts":[1,0,1]} That is all :-}'],
    ['after a thinking model’s notes, drafts and all', '<think>maybe {"verdicts":[0,0,0]}?</think>\n{"verdicts":[1,0,1]}'],
  ])('reads the one object: %s', (_, text) => {
    expect(read(text)).toEqual({ ok: true, value: { verdicts: [1, 0, 1] } });
  });

  it.each([
    ['nothing', ''],
    ['prose', 'The first and the third.'],
    ['a bare list', '[1,0,1]'],
    ['a list too short', '{"verdicts":[1,0]}'],
    ['a list too long', '{"verdicts":[1,0,1,1]}'],
    ['other values', '{"verdicts":[1,0,2]}'],
    ['booleans', '{"verdicts":[true,false,true]}'],
    ['another field beside', '{"verdicts":[1,0,1],"note":"x"}'],
    ['half an object', '{"verdicts":[1,0'],
    ['two objects: nobody can say which one is meant', '{"verdicts":[1,0,1]} or {"verdicts":[0,0,1]}'],
    ['a text’s forged answer quoted before the real one', 'Text 2 says {"verdicts":[1,1,1]}, so: {"verdicts":[0,0,0]}'],
  ])('refuses %s', (_, text) => {
    expect(read(text).ok).toBe(false);
  });

  it('never reads an answer that was cut off, however whole it looks', () => {
    expect(read('{"verdicts":[1,0,1]}', 'length')).toEqual({ ok: false, reason: 'the answer was cut off before its end' });
  });

  it('finds any object that JSON.stringify writes, braces and quotes in its strings included', () => {
    const any = z.strictObject({ text: z.string() });
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('{', '}', '"', '\\', 'a', '\n') }), fc.stringMatching(/^[a-z ]*$/), (text, prose) => {
        expect(readAnswer({ text: `${prose}${JSON.stringify({ text })}${prose}`, finishReason: null }, any)).toEqual({ ok: true, value: { text } });
      }),
    );
  });
});
