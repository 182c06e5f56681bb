import { describe, expect, it } from 'vitest';
import type { ChatRequest } from '#gpu-worker/llm/chat-client.ts';
import { embedByWords, evidence, explainWith, SETTINGS } from '#tests/doubles/evidence.ts';
import { scriptedChat, UPSTREAM } from '#tests/doubles/scripted-chat.ts';
import { bestOfKExplainer } from './best-of-k.ts';
import { classesInTurn, contrastiveExplainer } from './contrastive.ts';
import { holdOut } from './hold-out.ts';
import { logitAwareExplainer } from './logit-aware.ts';
import { refineExplainer } from './refine.ts';
import { spread } from './spread.ts';

const phrase = (explanation: string): string => JSON.stringify({ explanation });
const FIRING = Array.from({ length: 16 }, (_, i) => `levy {tax|${16 - i}} number ${i}`);
const SILENT = Array.from({ length: 12 }, (_, i) => `tea and salt ${i}`);
const full = evidence(FIRING, SILENT);
const question = ({ messages }: ChatRequest): string => messages.at(-1)?.content ?? '';

describe('contrastive', () => {
  it('shows both kinds of windows and keeps which', async () => {
    const chat = scriptedChat(() => phrase('Taxes, not tea'));
    const outcome = await explainWith(contrastiveExplainer, { evidence: full, chat });
    expect(outcome).toMatchObject({ kind: 'explained', text: 'Taxes, not tea', provenance: { template: 'contrastive-3' } });
    if (outcome.kind !== 'explained') return;
    expect(outcome.provenance.windows.length).toBe(16);
    expect(outcome.provenance.silentWindows?.length).toBe(12);
    expect(question(chat.requests[0] as ChatRequest)).toContain('SILENT\n17: tea and salt');
  });

  it('is unfit where nothing is silent', () => {
    expect(contrastiveExplainer.prepare(evidence(FIRING), SETTINGS)).toMatchObject({ kind: 'unfit' });
  });

  it('takes counter-examples of all classes in turn, the same for the same seed', () => {
    const mixed = [
      ...full.silent.slice(0, 8),
      ...full.silent.slice(8, 10).map((w) => ({ ...w, kind: 'same_token' as const })),
      ...full.silent.slice(10).map((w) => ({ ...w, kind: 'neighbour' as const })),
    ];
    const drawn = classesInTurn(mixed, 6, 1, 7);
    expect(drawn.map(({ kind }) => kind).sort()).toEqual(['neighbour', 'neighbour', 'random', 'random', 'same_token', 'same_token']);
    expect(classesInTurn(mixed, 6, 1, 7)).toEqual(drawn);
    expect(classesInTurn([...mixed].reverse(), 99, 1, 7).length).toBe(12);
    expect(classesInTurn(mixed, 6, 2, 7)).not.toEqual(drawn);
  });
});

describe('logit_aware', () => {
  it('shows what the latent writes, and is unfit where nobody knows', async () => {
    const chat = scriptedChat(() => phrase('Before a verb of paying'));
    const logits = { promoted: [' pay'], suppressed: [' gift'], concentration: 2 };
    expect(await explainWith(logitAwareExplainer, { evidence: evidence(FIRING, [], { logits }), chat })).toMatchObject({ kind: 'explained' });
    expect(question(chat.requests[0] as ChatRequest)).toContain('likelier: "pay"\nless likely: "gift"');
    expect(logitAwareExplainer.prepare(full, SETTINGS)).toMatchObject({ kind: 'unfit' });
  });
});

describe('best_of_k', () => {
  const answers = ['All about tea', 'The word tax', 'Something else'];
  const embed = embedByWords('tax');

  it('chooses by windows that no prompt showed', async () => {
    const chat = scriptedChat((_, call) => phrase(answers[call] as string));
    const outcome = await explainWith(bestOfKExplainer, { evidence: full, chat, embed });
    if (outcome.kind !== 'explained') throw new Error(outcome.kind);
    expect(outcome.text).toBe('The word tax');
    const { provenance } = outcome;
    expect(provenance['candidates']).toMatchObject([{ text: 'All about tea', score: 0 }, { text: 'The word tax', score: 1 }, { score: 0 }]);
    const held = provenance['heldOut'] as [number, number][];
    expect(held.length).toBe(4);
    expect(provenance.windows.length).toBe(12);
    for (const [row] of held) {
      expect(provenance.windows.some(([shown]) => shown === row)).toBe(false);
      for (const request of chat.requests) expect(question(request)).not.toMatch(new RegExp(`number ${row}$`, 'm'));
    }
    expect(new Set(chat.requests.map(question)).size).toBe(3);
    expect(chat.requests.every(({ temperature, seed }) => temperature === 0.7 && seed !== undefined)).toBe(true);
    expect(provenance.seed).toBe(chat.requests[1]?.seed);
    expect(provenance.calls).toBe(3);
  });

  it('makes do with what can be used, and fails when nothing can', async () => {
    const some = scriptedChat((_, call) => (call === 1 ? phrase('The word tax') : 'No.'));
    expect(await explainWith(bestOfKExplainer, { evidence: full, chat: some, embed })).toMatchObject({
      kind: 'explained',
      text: 'The word tax',
      provenance: { failedCandidates: 2, calls: 5 },
    });
    expect(await explainWith(bestOfKExplainer, { evidence: full, chat: scriptedChat(() => 'No.'), embed })).toMatchObject({
      kind: 'bad_answer',
      usage: { calls: 6 },
    });
    expect(await explainWith(bestOfKExplainer, { evidence: full, chat: scriptedChat(() => UPSTREAM.down), embed })).toMatchObject({ kind: 'upstream' });
  });

  it('is unfit where there is nothing to choose by', () => {
    expect(bestOfKExplainer.prepare(evidence(FIRING), SETTINGS)).toMatchObject({ kind: 'unfit' });
    expect(bestOfKExplainer.prepare(evidence(FIRING.slice(0, 3), SILENT), SETTINGS)).toMatchObject({ kind: 'unfit' });
  });

  it('holds whole documents back, never the last', () => {
    const windows = full.firing.map((window, i) => ({ ...window, document: `d${i % 3}` }));
    const { shown, held } = holdOut(windows, 0.25, 22, 7);
    expect(held.some(({ document }) => shown.some((other) => other.document === document))).toBe(false);
    expect(held.length).toBeGreaterThanOrEqual(4);
    expect([...shown, ...held].sort((a, b) => a.row - b.row)).toEqual(windows);
    expect(holdOut(windows.map((window) => ({ ...window, document: 'one' })), 0.25, 22, 7).held).toEqual([]); // prettier-ignore
  });
});

describe('refine', () => {
  /** Judges by the description: `tax` is right everywhere, `tea` wrong everywhere, `odd` right on even numbers. */
  function judge(request: ChatRequest): string {
    const [description = '', ...rest] = question(request).split('\n');
    const texts = rest.filter((line) => /^\d+: /.test(line));
    const says = (text: string): boolean => {
      if (description.includes('odd')) return text.includes('tax') && Number(/number (\d+)/.exec(text)?.[1]) % 2 === 0;
      return description.includes('tea') ? text.includes('tea') : text.includes('tax');
    };
    return JSON.stringify({ verdicts: texts.map((text) => Number(says(text))) });
  }
  const isJudged = (request: ChatRequest): boolean => question(request).startsWith('Description: ');
  const asking = (phrases: string[]) => {
    let asked = 0;
    return scriptedChat((request) => (isJudged(request) ? judge(request) : phrase(phrases[asked++] ?? 'exhausted')));
  };

  it('shows its mistakes and keeps the phrase with the best train score', async () => {
    const chat = asking(['odd ones', 'the tax']);
    const outcome = await explainWith(refineExplainer, { evidence: full, chat });
    expect(outcome).toMatchObject({
      kind: 'explained',
      text: 'the tax',
      provenance: {
        rounds: [
          { text: 'odd ones', trainScore: 0.75, missed: 8, mistaken: 0 },
          { text: 'the tax', trainScore: 1, missed: 0, mistaken: 0 },
        ],
        ended: 'No mistake was left on the train windows.',
      },
    });
    const asked = chat.requests.filter((request) => !isJudged(request)).map(question);
    expect(asked.length).toBe(2);
    expect(asked[1]).toContain('EXPLANATION: odd ones');
    expect(
      asked[1]
        ?.split('MISSED')[1]
        ?.split('MISTAKEN')[0]
        ?.match(/^\d: levy «tax» number \d*[13579]$/gm)?.length,
    ).toBe(6);
    // Verdicts on windows of the exam would give it away.
    expect(chat.requests.every((request) => !isJudged(request) || /tax|tea/.test(question(request)))).toBe(true);
  });

  it('keeps the first when the later are worse, and stops after its rounds', async () => {
    const chat = asking(['odd ones', 'tea', 'more tea', 'still tea']);
    const outcome = await explainWith(refineExplainer, { evidence: full, chat, settings: { rounds: 2 } });
    expect(outcome).toMatchObject({ kind: 'explained', text: 'odd ones', provenance: { ended: 'All rounds were used.' } });
    expect(outcome.kind === 'explained' && (outcome.provenance['rounds'] as unknown[]).length).toBe(3);
  });

  it('does not go round in circles', async () => {
    const outcome = await explainWith(refineExplainer, { evidence: full, chat: asking(['odd ones', 'odd ones']) });
    expect(outcome).toMatchObject({ text: 'odd ones', provenance: { ended: 'The model gave a phrase that had been tried.' } });
  });

  it('gives the first phrase when nobody judges or betters it, and fails when there is none', async () => {
    const mute = scriptedChat((request) => (isJudged(request) ? 'I cannot say.' : phrase('the tax')));
    expect(await explainWith(refineExplainer, { evidence: full, chat: mute })).toMatchObject({
      kind: 'explained',
      text: 'the tax',
      provenance: { rounds: [], ended: 'The judge gave too few usable verdicts.' },
    });
    let asked = 0;
    const stubborn = scriptedChat((request) => (isJudged(request) ? judge(request) : asked++ === 0 ? phrase('odd ones') : 'No.'));
    expect(await explainWith(refineExplainer, { evidence: full, chat: stubborn })).toMatchObject({
      text: 'odd ones',
      provenance: { ended: 'The model gave no usable better phrase.' },
    });
    expect(await explainWith(refineExplainer, { evidence: full, chat: scriptedChat(() => 'No.') })).toMatchObject({ kind: 'bad_answer' });
    expect(refineExplainer.prepare(evidence(FIRING), SETTINGS)).toMatchObject({ kind: 'unfit' });
  });
});

it('spreads over the whole list', () => {
  expect(spread([0, 1, 2, 3, 4, 5, 6, 7, 8], 3)).toEqual([0, 4, 8]);
  expect(spread([1, 2], 3)).toEqual([1, 2]);
  expect(spread([1, 2, 3], 1)).toEqual([1]);
});
