import { describe, expect, it } from 'vitest';
import { evidence, explainWith, SETTINGS } from '#tests/doubles/evidence.ts';
import { window } from '#tests/doubles/windows.ts';
import { positionalExplainer, shortestStretch } from './positional.ts';
import { singleTokenExplainer, singleTokenPhrase } from './single-token.ts';
import type { Example } from '#lib/example/schema.ts';

const token = (text: string) => ({ text, active: 9, occurrences: 10 });
/** A window of tokens as given, firing at `at`. */
const tokens = (list: string[], at: number): Example => ({
  ...window('x'),
  kind: 'activating',
  tokens: list,
  activations: list.map((_, i) => Number(i === at)),
  maxActivation: 1,
  maxIndex: at,
});

describe('singleTokenPhrase', () => {
  const phrase = (text: string, firing: Example[], others: string[] = []) => singleTokenPhrase(token(text), [text, ...others].map(token), firing);

  it.each([
    ['a word', ' tax', tokens(['the', ' tax', ' on'], 1), 'The word “tax”'],
    ['a word at a line’s end', ' tax', tokens(['the', ' tax'], 1), 'The word “tax”'],
    ['a beginning', ' un', tokens(['was', ' un', 'known'], 1), 'The letters “un” at the beginning of a longer word'],
    ['an ending', 'ing', tokens([' walk', 'ing', ' on'], 1), 'The letters “ing” at the end of a longer word'],
    ['a middle', 'ing', tokens([' s', 'ing', 'er'], 1), 'The letters “ing” inside a word'],
    ['a comma', ',', tokens(['and', ',', ' so'], 1), 'The comma “,”'],
    ['a full stop before a quote', '.”', tokens(['so', '.”'], 1), 'The signs “.”” '.trim()],
    ['a year', ' 1848', tokens(['in', ' 1848', '.'], 1), 'The number “1848”'],
    ['a line break', '\n\n', tokens(['end', '\n\n', 'The'], 1), 'A line break'],
    ['a tab', '\t', tokens(['a', '\t'], 1), 'A tab'],
  ])('names %s', (_, text, example, expected) => {
    expect(phrase(text, [example])).toBe(expected);
  });

  it('goes by most of the windows, and without any by the token alone', () => {
    const inside = tokens([' walk', 'ing', ' on'], 1);
    expect(phrase('ing', [inside, inside, tokens(['(', 'ing', ')'], 1)])).toContain('at the end of a longer word');
    expect(phrase(' tax', [])).toBe('The word “tax”');
  });

  it('adds other spellings, and the neighbour that is nearly always there', () => {
    const before = Array.from({ length: 6 }, (_, i) => tokens([i === 0 ? 'my' : 'The', ' tax', ` w${'x'.repeat(i)}`], 1));
    expect(phrase(' tax', before, ['Tax', ' TAX', ' taxes'])).toBe('The word “tax”, also written “Tax”, “TAX”, mostly after “the”');
    const after = Array.from({ length: 6 }, (_, i) => tokens([`a${'x'.repeat(i)}`, ' tax', ' on'], 1));
    expect(phrase(' tax', after)).toBe('The word “tax”, mostly before “on”');
    expect(phrase(' tax', after.slice(0, 4))).toBe('The word “tax”');
  });

  it('cuts what is no word', () => {
    expect(phrase('='.repeat(60), []).length).toBeLessThan(60);
  });
});

describe('the explainers that ask nobody', () => {
  const of = evidence(['the {tax} on tea'], [], { singleToken: 'strong', tokens: [token(' tax')] });

  it('name a token, with what it was taken from', async () => {
    expect(await explainWith(singleTokenExplainer, { evidence: of, chat: null })).toEqual({
      kind: 'explained',
      text: 'The word “tax”',
      provenance: { template: 'single-token-3', windows: [[0, 32]], seed: 22, token: ' tax', active: 9, occurrences: 10 },
    });
    expect(singleTokenExplainer.prepare(evidence(['{a}']), SETTINGS)).toMatchObject({ kind: 'unfit' });
    expect(singleTokenExplainer.prepare({ ...of, profile: { ...of.profile, tokens: [] } }, SETTINGS)).toMatchObject({ kind: 'unfit' });
    // What the evidence does not show is known from the exam's text alone.
    expect(singleTokenExplainer.prepare(evidence(['the tax on {tea}'], [], { singleToken: 'strong', tokens: [token(' tax')] }), SETTINGS)).toMatchObject({
      kind: 'unfit',
      reason: expect.stringContaining('another token') as string,
    });
  });

  it('tell only of spellings that the evidence shows', async () => {
    const spelt = (windows: string[]) => evidence(windows, [], { singleToken: 'strong', tokens: [token(' tax'), token(' Tax'), token(' TAX')] });
    const said = await explainWith(singleTokenExplainer, { evidence: spelt(['the {tax} on tea', 'a {Tax} on it', 'no TAX']), chat: null });
    expect(said).toMatchObject({ text: 'The word “tax”, also written “Tax”' });
  });

  it.each([
    [[100, 5, 5, 5, 0, 0, 0, 0], 'The first 32 tokens of a passage, whatever they say'],
    [[0, 0, 0, 0, 0, 0, 10, 90], 'The last 32 tokens of a passage of 256, whatever they say'],
    [[0, 0, 50, 50, 1, 0, 0, 0], 'Tokens 65 to 128 of a passage, whatever they say'],
  ])('name a place: %j', async (positions, text) => {
    const placed = evidence(['{a} b'], [], { positions });
    expect(await explainWith(positionalExplainer, { evidence: placed, chat: null })).toMatchObject({ kind: 'explained', text });
  });

  it('name no place where there is none', () => {
    expect(positionalExplainer.prepare(evidence(['{a}'], [], { positions: [] }), SETTINGS)).toMatchObject({ kind: 'unfit' });
    expect(positionalExplainer.prepare(evidence(['{a}'], [], { positions: [1, 0, 0, 1] }), SETTINGS)).toMatchObject({ kind: 'unfit' });
  });

  it('find the shortest stretch as looking at all of them does', () => {
    for (let seed = 0; seed < 200; seed++) {
      const counts = Array.from({ length: 8 }, (_, i) => (seed * (i + 3) * (i + 7)) % 11);
      const wanted = 0.8 * counts.reduce((a, b) => a + b, 0);
      const [from, to] = shortestStretch(counts, wanted);
      const held = (a: number, b: number) => counts.slice(a, b).reduce((x, y) => x + y, 0);
      expect(held(from, to)).toBeGreaterThanOrEqual(wanted);
      for (let a = 0; a < 8; a++) for (let b = a + 1; b <= 8; b++) if (held(a, b) >= wanted) expect(b - a).toBeGreaterThanOrEqual(to - from);
    }
  });
});
