import { scoreFiguresSchema } from '#lib/score/schema.ts';
import type { ReactElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import type { Example } from '#lib/example/schema.ts';
import type { ScoreView } from '#lib/score/schema.ts';
import type { StageProgress } from '#lib/run/schema.ts';
import { ExampleBands } from './example-bands.tsx';
import { ExampleLine } from './example-line.tsx';
import { Histogram } from './histogram.tsx';
import { MethodChip } from './method-chip.tsx';
import { LatentHit } from './latent-hit.tsx';
import { ScoreRow } from './score-row.tsx';
import { StageList } from './stage-list.tsx';
import { Whisker } from './whisker.tsx';

const html = (element: ReactElement): string => renderToStaticMarkup(element);
const text = (element: ReactElement): string => html(element).replace(/<[^>]+>/g, '');

const example = (values: Partial<Example> = {}): Example => ({
  row: 1,
  start: 32,
  split: 'train',
  kind: 'activating',
  quantile: 0,
  document: '1790_washington',
  tokens: ['of', ' the', ' treaty', '\n', ' with'],
  activations: [0, 1, 4, 0, 0],
  maxActivation: 4,
  maxIndex: 2,
  ...values,
});

describe('a whisker', () => {
  const score = { value: 0.85, lower: 0.7, upper: 1, control: 0.2, nPositives: 50, nNegatives: 40 };

  it('shows value, half-width and n, and says all of it to a screen reader', () => {
    const markup = html(<Whisker name="Embedding" score={score} />);
    expect(markup).toContain('aria-label="Embedding 0.85, 95 percent interval 0.70 to 1.00, control 0.20, chance 0.50"');
    expect(text(<Whisker name="Embedding" score={score} />)).toBe('Embedding0.85 ±0.15 · 90');
    expect(markup).toContain('class="dot" style="left:75%"');
    expect(markup).toContain('class="ci" style="left:50%;width:50%"');
    expect(markup, 'a control below the axis is clipped to its edge').toContain('class="ctl" style="left:0%"');
  });

  it('never shows a number where the score failed', () => {
    const markup = html(<Whisker name="Detection" score={{ ...score, value: null, lower: null, upper: null, control: null }} />);
    expect(markup).toContain('Detection: failed, no value');
    expect(markup).not.toMatch(/class="(dot|ci|ctl)"/);
    expect(text(<Whisker name="Detection" score={{ ...score, value: null, lower: null, upper: null, control: null }} />)).toBe('Detectionfailed');
  });

  it('says so when it counts tokens', () => {
    const whisker = <Whisker name="Tokens" score={{ ...score, nPositives: 160, nNegatives: 3040 }} unit="token" />;
    expect(text(whisker)).toBe('Tokens0.85 ±0.15 · 3,200');
    expect(html(whisker)).toContain('title="160 tokens where it fires, 3040 where it does not"');
  });
});

describe('a score that could not be taken, and one without a control', () => {
  const score: ScoreView = {
    ...{ id: '1', explanationId: '1', scorer: 'detection', metric: 'balanced_accuracy', value: null, lower: null, upper: null, control: null },
    ...{
      controlMissing: null,
      nPositives: 3,
      nNegatives: 1,
      nFailed: 6,
      failure: 'Too few.',
      exam: 'test',
      createdAt: '2026-01-01T00:00:00.000Z',
      parts: scoreFiguresSchema.parse({}),
      provenance: {},
    },
  };
  const shown = (facts: Partial<ScoreView>) => text(<ScoreRow score={{ ...score, ...facts }} href="/x" />);

  it('says what of the exam was judged, in the scorer’s unit', () => {
    expect(shown({})).toContain('Too few. 4 windows had a verdict, yet nothing is concluded from the 10 windows of the exam.');
    const tokens = { scorer: 'rule_tokens', nPositives: 0, nNegatives: 0, nFailed: 3200 } as const;
    expect(shown(tokens)).toContain('Nothing is concluded from the 3,200 tokens of the exam.');
  });

  it('says why there is no control', () => {
    const taken = { value: 0.8, lower: 0.7, upper: 0.9, failure: null };
    expect(shown({ ...taken, controlMissing: 'It was asked for and failed.' })).toContain('There is no control for this score. It was asked for and failed.');
    expect(shown({ ...taken, control: { value: 0.5, lower: null, upper: null } })).not.toContain('no control');
  });

  it('is not called unscored in a hit', () => {
    const latent = { model: 'm', coder: 'c', index: 1, text: 'Ships.', method: 'llm', frequency: 0.1, maxActivation: 1, score: null, example: null };
    expect(text(<LatentHit latent={{ ...latent, failure: null }} />)).toContain('Not scored yet.');
    expect(text(<LatentHit latent={{ ...latent, failure: 'Too few.' }} />)).toContain('It could not be scored: Too few.');
  });
});

describe('an example line', () => {
  it('puts the strongest token first in its right half, underlined, with its value and its side of the split', () => {
    const markup = html(<ExampleLine example={example()} max={8} />);
    const [left, right] = markup.split('class="right"');
    expect(left).toContain('evidence');
    expect(left).toMatch(/class="tok" style="--a:0.13" tabindex="-1" data-value="1.0" aria-description="activation 1.0">the</);
    expect(right).toMatch(/^><span class="tok tok-max" style="--a:0.50" tabindex="0" data-value="4.0" aria-description="activation 4.0">treaty</);
    expect(right).toContain('<span class="unseen">↵</span>');
  });

  it('has no highlight where the latent is silent', () => {
    const silent = example({ activations: [0, 0, 0, 0, 0], maxActivation: 0, maxIndex: null, kind: 'random', quantile: null, split: 'test' });
    expect(html(<ExampleLine example={silent} max={8} />)).not.toContain('class="tok');
    expect(text(<ExampleLine example={silent} max={8} />)).toBe('exam 0of thetreaty↵ with');
  });
});

it('bands name their tenth and range, and fold what is beyond the first lines', () => {
  const examples = Array.from({ length: 12 }, (_, i) => example({ row: i, maxActivation: 4 - i / 10 }));
  const markup = html(<ExampleBands examples={examples} max={4} view="lines" />);
  expect(markup).toContain('strongest tenth · 2.9 – 4.0');
  expect(markup).toContain('3 more lines');
  expect(markup.match(/class="line"/g)).toHaveLength(12);
});

it('a histogram has the same numbers as a table', () => {
  const markup = html(
    <Histogram label="H" series={[{ name: 'tokens', counts: [1000, 0, 3], tone: 'fire' }]} from={0} to={6} log format={String} unit="tokens" />,
  );
  expect(markup).toContain('aria-label="H"');
  expect(markup).toContain('4 to 6: 3 tokens');
  expect([...markup.matchAll(/<td class="num right">([^<]*)</g)].map((match) => match[1])).toEqual(['1,000', '0', '3']);
  const heights = [...markup.matchAll(/height="([^"]*)"/g)].map((match) => Number(match[1]));
  expect(heights[0]).toBe(70);
  expect(heights[1]).toBe(0);
  expect(heights[2], 'log counts keep a bin of three visible beside one of a thousand').toBeGreaterThan(10);
});

it('a baseline says that it is one', () => {
  expect(text(<MethodChip method="lexical" explainer="lexical-1" />)).toBe('baseline, no language model');
  expect(text(<MethodChip method="llm" explainer="some-model" />)).toBe('some-model');
});

it('stages tell counts, rate and time left', () => {
  const stage: StageProgress = {
    stage: 'collect',
    state: 'running',
    step: { number: 2, of: 3 },
    unit: 'tokens',
    done: 1000,
    total: 5000,
    rate: 500,
    secondsLeft: 8,
    startedAt: null,
    finishedAt: null,
  };
  expect(text(<StageList stages={[stage]} />)).toBe('collect2 of 3: 1,000 of 5,000 tokens · 500/s · 8.0 s left');
  expect(html(<StageList stages={[stage]} />)).toContain('max="5000" value="1000"');
  expect(html(<StageList stages={[stage]} />)).toContain('aria-label="collect, step 2 of 3: running"');
  expect(text(<StageList stages={[{ ...stage, step: null }]} />)).toContain('collect1,000 of');
  const done: StageProgress = {
    ...stage,
    step: null,
    state: 'done',
    done: 5000,
    startedAt: '2026-01-01T00:00:00.000Z',
    finishedAt: '2026-01-01T00:00:12.000Z',
  };
  expect(text(<StageList stages={[done]} />)).toBe('collect5,000 tokens · 12 s');
});
