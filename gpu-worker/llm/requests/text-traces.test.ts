import { expect, it } from 'vitest';
import { TextTraces } from './text-traces.ts';

const SECRET = 'The committee met behind closed doors on Thursday,\nand nobody was told of what it had found.';

it('knows a passage again though marked, escaped, cut into lines or spread over tokens', () => {
  const traces = new TextTraces();
  traces.add(SECRET);
  expect(traces.isIn(`1. ${SECRET}`)).toBe(true);
  expect(traces.isIn('x behind «closed» doors on Thursday,\\nand nobody\\t was told y')).toBe(true);
  expect(traces.isIn('com mittee met behind closed doors on Thurs'.split(' ').map((token, i) => `${token}\t${i % 10}\n`).join(''))).toBe(true); // prettier-ignore
  // Wherever it begins in what it is looked for in.
  for (let lead = 0; lead < 9; lead++) expect(traces.isIn(`${'x'.repeat(lead)} closed doors on Thursday, and nobody was told of what`)).toBe(true);
});

it('does not take a common phrase, or another text, for it', () => {
  const traces = new TextTraces();
  traces.add(SECRET);
  traces.add('short');
  expect(traces.isIn('behind closed doors on Thursday')).toBe(false);
  expect(traces.isIn('The committee did not meet. Nobody was told. What it had found was behind closed windows.')).toBe(false);
  expect(new TextTraces().isIn(SECRET)).toBe(false);
});
