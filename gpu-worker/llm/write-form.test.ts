import { beforeAll, describe, expect, it } from 'vitest';
import { rngFor } from '#lib/random/rng.ts';
import { openTokenizer, type Tokenizer } from '#gpu-worker/model/tokenizer.ts';
import type { Reading } from '#gpu-worker/model/prefix-decoder.ts';
import type { FormPart } from './answer-form.ts';
import { writeForm } from './write-form.ts';

const STOP = 0;
let tokenizer: Tokenizer;
beforeAll(async () => (tokenizer = await openTokenizer('models/presidents-4m')));

/**
 * A model that would write a text, token by token, whatever has been written so far: `likes` gives the logit of further
 * tokens at every place. It counts how often it was asked to read.
 */
function writer(text: string, { room = 1000, likes = {} }: { room?: number; likes?: Record<string, number> } = {}): Reading & { read: number[][] } {
  const script = [...tokenizer.encode(text), STOP];
  const read: number[][] = [];
  const logits = (): Float32Array => {
    const out = new Float32Array(tokenizer.vocabSize);
    for (const [token, logit] of Object.entries(likes)) out[tokenizer.encode(token)[0]!] = logit;
    out[script[Math.min(script.length - 1, read.flat().length)]!] = 10;
    return out;
  };
  return {
    ...{ reused: 0, room, read },
    get logits() {
      return logits();
    },
    write: async (tokens) => void read.push([...tokens]),
  };
}
const OPTIONS = { maxTokens: 200, temperature: 0, stopIds: [STOP], top: null };
const write = (reading: Reading, form: readonly FormPart[], more: Partial<typeof OPTIONS | { top: number }> = {}) =>
  writeForm(reading, tokenizer, form, { ...OPTIONS, rng: rngFor('form'), ...more });
const VERDICTS: FormPart[] = [
  { kind: 'fixed', text: '{"verdicts":[' },
  { kind: 'choice', options: ['0', '1'] },
  { kind: 'fixed', text: ',' },
  { kind: 'choice', options: ['0', '1'] },
  { kind: 'fixed', text: ']}' },
];
const PHRASE: FormPart[] = [{ kind: 'fixed', text: '{"explanation":"' }, { kind: 'string' }, { kind: 'fixed', text: '"}' }];

describe('writeForm', () => {
  it('takes the model’s choice among what is allowed, though it would rather write something else', async () => {
    const model = writer('', { likes: { '1': 2, '0': 1 } });
    const { text, ended, logprobs } = await write(model, VERDICTS, { top: 5 });
    expect([text, ended]).toEqual(['{"verdicts":[1,1]}', 'stop']);
    expect(logprobs!.map(({ token }) => token).join('')).toBe(text);
    const chosen = logprobs!.filter(({ top }) => top.length > 1);
    expect(chosen.length).toBe(2);
    // e² / (e² + e¹) by hand
    for (const { logprob, top } of chosen) {
      expect(Math.exp(logprob)).toBeCloseTo(0.7310586, 6);
      expect(top.map(({ token }) => token)).toEqual(['1', '0']);
    }
  });

  it('asks the model only where there is a choice', async () => {
    const model = writer('', { likes: { '0': 1 } });
    expect((await write(model, VERDICTS)).text).toBe('{"verdicts":[0,0]}');
    expect(model.read.length).toBe(2);
    const unasked = writer('');
    expect((await write(unasked, [{ kind: 'fixed', text: '{"a":1}' }])).text).toBe('{"a":1}');
    expect(unasked.read).toEqual([]);
  });

  it('chooses between numbers of which one begins the other', async () => {
    const form: FormPart[] = [
      { kind: 'fixed', text: '{"n":' },
      { kind: 'choice', options: ['1', '10', '2'] },
      { kind: 'fixed', text: '}' },
    ];
    for (const number of ['1', '10', '2']) expect((await write(writer(`{"n":${number}}`), form)).text).toBe(`{"n":${number}}`);
  });

  it.each([
    ['closes it', 'taxes and tariffs"} and more', 'taxes and tariffs'],
    ['comes to its end', 'taxes and tariffs', 'taxes and tariffs'],
    ['begins a new line', 'taxes\nand tariffs', 'taxes'],
    ['escapes a mark', 'the word \\"tax\\" alone"}', 'the word "tax" alone'],
    ['writes what no string may hold', 'taxes \\x and', 'taxes '],
    ['writes characters of several bytes', 'the “café” — 税"}', 'the “café” — 税'],
    ['writes nothing', '"}', ''],
  ])('ends a text where the model %s', async (_, writes, expected) => {
    const { text, ended } = await write(writer(`{"explanation":"${writes}`), PHRASE);
    expect([JSON.parse(text), ended]).toEqual([{ explanation: expected }, 'stop']);
  });

  it('goes on after a text', async () => {
    const form: FormPart[] = [...PHRASE.slice(0, 2), { kind: 'fixed', text: '","notes":"' }, ...PHRASE.slice(1)];
    const { text } = await write(writer('{"explanation":"taxes","notes":"no doubt"}'), form);
    expect(text).toBe('{"explanation":"taxes","notes":"no doubt"}');
  });

  it.each([
    ['maxTokens', { maxTokens: 9 }, 1000],
    ['the model’s context', {}, 9],
  ])('is cut off by %s', async (_, more, room) => {
    const { ended, count } = await write(writer('{"explanation":"on and on and on and on and on and on and on"}', { room }), PHRASE, more);
    expect([ended, count]).toEqual(['length', 9]);
  });

  it('writes anything where nothing is asked for', async () => {
    expect(await write(writer('Taxes. And tariffs'), [{ kind: 'anything' }])).toMatchObject({ text: 'Taxes. And tariffs', ended: 'stop' });
  });
});
