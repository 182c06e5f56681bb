import { expect, test } from 'vitest';
import { EVIDENCE_NEEDED, evidenceNeeded, evidenceWarning } from './evidence.ts';

const plan = { tokens: 524_288, coder: { width: 8192, k: 32 }, text: { documents: 240, tokensPerDocument: 8000 } };

test('the numbers that a latent needs are the protocol’s', () => {
  expect(EVIDENCE_NEEDED).toContain('20 windows of the train side and 30 of the test side, from 5 documents on each; 40 and 50 are drawn');
});

test('a run that reads enough is not warned of', () => {
  expect(evidenceWarning(plan)).toBeNull();
});

test('too few documents: how many it will be, and how many tokens bring enough', () => {
  const warning = evidenceWarning({ ...plan, tokens: 60_000 });
  expect(warning).toContain('About 8 documents will be read');
  // 29 documents of 8,000: with 35 % of them on the test side, ten.
  expect(warning).toContain('read 240,000 tokens or more, about 29 documents');
  expect(evidenceWarning({ ...plan, tokens: 240_000 })).toBeNull();
});

test('a text of too few documents is said to be one, whatever is read of it', () => {
  expect(evidenceWarning({ ...plan, text: { documents: 4, tokensPerDocument: null } })).toContain('the text holds only 4: choose one of 29 documents or more');
});

test('a text too short for the coder is said to be one, however much is asked of it', () => {
  // 100 documents of 1,000 tokens: 35,000 tokens of exam with 32 latents of 131,072 on each: 8 windows for the average latent; 60 take 702,171.
  const short = { ...plan, coder: { width: 131_072, k: 32 }, text: { documents: 100, tokensPerDocument: 1000 } };
  for (const tokens of [100_000, 500_000, 50_000_000]) {
    const warning = evidenceWarning({ ...short, tokens });
    expect(warning).toContain('at most 8 windows on the test side');
    expect(warning).toContain('the text holds only about 100,000 tokens: choose a longer text, of 710,000 tokens or more');
  }
  expect(evidenceWarning({ ...short, tokens: 100_000, text: { documents: 1000, tokensPerDocument: 1000 } })).toContain('So read 710,000 tokens or more.');
});

test('too few windows for the width of the coder', () => {
  const narrow = { ...plan, tokens: 20_000, text: { documents: 5000, tokensPerDocument: 100 } };
  // 7,000 tokens of exam with 32 latents of 8,192 on each: 27 for the average latent; 60 take 43,886 tokens.
  expect(evidenceWarning(narrow)).toContain('at most 27 windows on the test side');
  expect(evidenceWarning(narrow)).toContain('So read 44,000 tokens or more.');
  expect(evidenceWarning({ ...narrow, tokens: 44_000 })).toBeNull();
  expect(evidenceWarning({ ...narrow, coder: { width: 8192, k: null } })).toBeNull();
});

test('protocols whose sides share documents ask for firing tokens or windows alone', () => {
  expect(evidenceNeeded('atlas')).toBe(EVIDENCE_NEEDED);
  expect(evidenceNeeded('paper')).toContain('fires on 200 tokens;');
  expect(evidenceNeeded('delphi')).toContain('fires in 200 windows;');
  const one = { ...plan, text: { documents: 1, tokensPerDocument: 600_000 } };
  expect(evidenceWarning({ ...one, protocol: 'paper' })).toBeNull();
  // 50,000 tokens with 32 latents of 8,192 on each: 195 for the average latent; 400 take 102,400.
  const warning = evidenceWarning({ ...one, protocol: 'paper', tokens: 50_000 });
  expect(warning).toContain('about 195 tokens, too few for most');
  expect(warning).toContain('So read 110,000 tokens or more.');
  expect(evidenceWarning({ ...one, protocol: 'delphi', tokens: 110_000 })).toBeNull();
});
