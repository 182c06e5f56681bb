import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { rngFor } from '#lib/random/rng.ts';
import { openTokenizer, type Tokenizer } from '#gpu-worker/model/tokenizer.ts';
import type { Reading } from '#gpu-worker/model/prefix-decoder.ts';
import type { FormPart } from './answer-form.ts';
import { writeForm, type WriteOptions } from './write-form.ts';

const STOP = 0;
let tokenizer: Tokenizer;
beforeAll(async () => (tokenizer = await openTokenizer('models/presidents-4m')));

/**
 * A model that would write a text, token by token, whatever has been written so far: `likes` gives the logit of further
 * tokens at every place. It counts how often it was asked to read.
 */
function writer(
  text: string,
  { room = 1000, likes = {} }: { room?: number; likes?: Record<string, number> } = {},
): Reading & { read: number[][]; foreseen: number[][] } {
  const script = [...tokenizer.encode(text), STOP];
  const [read, foreseen]: [number[][], number[][]] = [[], []];
  const logits = (): Float32Array => {
    const out = new Float32Array(tokenizer.vocabSize);
    for (const [token, logit] of Object.entries(likes)) out[tokenizer.encode(token)[0]!] = logit;
    out[script[Math.min(script.length - 1, read.flat().length)]!] = 10;
    return out;
  };
  return {
    ...{ reused: 0, room, read, foreseen },
    get logits() {
      return logits();
    },
    write: async (tokens, likely = []) => {
      read.push([...tokens]);
      foreseen.push([...likely]);
    },
  };
}
const OPTIONS = { maxTokens: 200, temperature: 0, stopIds: [STOP], top: null };
const write = (reading: Reading, form: readonly FormPart[], more: Partial<Omit<WriteOptions, 'stopIds'>> = {}) =>
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

  it('draws among what is allowed by its odds, and tells these whatever the temperature', async () => {
    const model = () => writer('', { likes: { '1': 2 * Math.log(3), '0': 0 } });
    let ones = 0;
    for (let draw = 0; draw < 200; draw++) {
      const { text, logprobs } = await write(model(), VERDICTS, { temperature: 2, top: 2, rng: rngFor('drawn', draw) });
      ones += (JSON.parse(text) as { verdicts: number[] }).verdicts[0]!;
      expect(Math.exp(logprobs!.find(({ top }) => top.length > 1)!.top[0]!.logprob)).toBeCloseTo(0.9, 6);
    }
    // Odds of 9 to 1 are 3 to 1 at a temperature of 2: 150, give or take 6.
    expect(ones).toBeGreaterThan(125);
    expect(ones).toBeLessThan(175);
  });

  it('asks the model only where there is a choice', async () => {
    const model = writer('', { likes: { '0': 1 } });
    expect((await write(model, VERDICTS)).text).toBe('{"verdicts":[0,0]}');
    expect(model.read.length).toBe(2);
    const unasked = writer('');
    expect((await write(unasked, [{ kind: 'fixed', text: '{"a":1}' }])).text).toBe('{"a":1}');
    expect(unasked.read).toEqual([]);
  });

  it('says what it is likely to write next: the choice before, again and again, up to where the model is free', async () => {
    const form: FormPart[] = [...VERDICTS.slice(0, 4), { kind: 'fixed', text: '],"why":"' }, { kind: 'string' }, { kind: 'fixed', text: '"}' }];
    const model = writer('{"verdicts":[1,0],"why":"so"}', { likes: { '1': 2 } });
    const { text } = await write(model, form);
    expect(text).toBe('{"verdicts":[1,0],"why":"so"}');
    expect(model.foreseen.slice(0, 2).map((ids) => tokenizer.decode(ids))).toEqual(['0,0],"why":"', '1],"why":"']);
    expect(model.foreseen.slice(2).every((ids) => ids.length === 0)).toBe(true);
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
    ['escapes by number', 'a caf\\u00e9 and tea"}', 'a café and tea'],
    ['writes characters of several bytes', 'the “café” — 税"}', 'the “café” — 税'],
    ['writes nothing', '"}', ''],
  ])('ends a text where the model %s', async (_, writes, expected) => {
    const { text, ended } = await write(writer(`{"explanation":"${writes}`), PHRASE);
    expect([JSON.parse(text), ended]).toEqual([{ explanation: expected }, 'stop']);
  });

  it('lets no escape stand that JSON does not have: the model goes on with the likeliest that there is', async () => {
    const model = writer('{"explanation":"digits, as \\d+"}', { likes: { '\\': 2, n: 1 } });
    const { text, logprobs } = await write(model, PHRASE, { top: 2 });
    expect(JSON.parse(text)).toEqual({ explanation: 'digits, as \\+' });
    expect(logprobs!.map(({ token }) => token).join('')).toBe(text);
    const chosen = logprobs!.findLast(({ token }) => token === '\\')!;
    expect(chosen.top.map(({ token }) => token)).toEqual(['\\', 'n']);
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

  it('writes what follows a text without a space, with a tokenizer that puts one before every text', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'write-form-'));
    await writeFile(join(dir, 'tokenizer.json'), JSON.stringify(sentencePiece(['{"a":"', '."', '"}', 'tax', '\n', ...'▁{}":.,\\abtxes'])));
    const own = await openTokenizer(dir);
    await rm(dir, { recursive: true });
    expect(own.decode(own.encode('"}'))).toBe(' "}');
    // A full stop and a quotation mark are one token, so that the end is not what a whole answer would have.
    const script = ['tax', '.', '"'].map((token) => own.encode(`a${token}`).at(-1)!);
    let read = 0;
    const reading: Reading = {
      ...{ reused: 0, room: 100 },
      get logits() {
        const out = new Float32Array(own.vocabSize);
        out[script[read]!] = 1;
        return out;
      },
      write: async (tokens) => void (read += tokens.length > 1 ? 0 : 1),
    };
    const form: FormPart[] = [{ kind: 'fixed', text: '{"a":"' }, { kind: 'string' }, { kind: 'fixed', text: '"}' }];
    const { text, logprobs } = await writeForm(reading, own, form, { ...OPTIONS, stopIds: [], top: 0, rng: rngFor('form') });
    expect(text).toBe('{"a":"tax."}');
    expect(
      logprobs!
        .map(({ token }) => token)
        .join('')
        .trimStart(),
    ).toBe(text);
  });
});

/** A definition as Llama 2 has it: a space before every text, and merges that make the given tokens. */
function sentencePiece(tokens: readonly string[]): unknown {
  const vocabulary = new Set<string>(['<unk>']);
  const merges: [string, string][] = [];
  for (const token of tokens) {
    for (const letter of token) vocabulary.add(letter);
    for (let length = 2; length <= token.length; length++) {
      const [left, right] = [token.slice(0, length - 1), token[length - 1]!];
      vocabulary.add(left + right);
      merges.push([left, right]);
    }
  }
  return {
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'Prepend', prepend: '▁' },
        { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
      ],
    },
    pre_tokenizer: null,
    decoder: { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
    model: {
      type: 'BPE',
      unk_token: '<unk>',
      fuse_unk: true,
      byte_fallback: false,
      vocab: Object.fromEntries([...vocabulary].map((token, id) => [token, id])),
      merges,
    },
  };
}
