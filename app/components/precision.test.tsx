import type { ReactElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import type { PrecisionLine, PrecisionView } from '#lib/score/precision.ts';
import { CoderPrecision } from './coder-precision.tsx';
import { RunResults } from './run-results.tsx';
import { ScorePrecision } from './score-precision.tsx';

const text = (element: ReactElement): string => renderToStaticMarkup(element).replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' '); // prettier-ignore

const share = (value: number, lower: number, upper: number) => ({ value, lower, upper });

describe('precision at the natural rate', () => {
  const measured: PrecisionView = {
    ...{ scorer: 'detection', runId: '7', createdAt: '2026-11-22T00:00:00.000Z', cut: null },
    ...{ rate: 0.004, precision: share(0.31, 0.12, 0.55), firing: share(0.86, 0.7, 0.94), falseAlarms: share(0.008, 0.004, 0.016) },
    ...{ nFiring: 50, nSilent: 996, nFailed: 4 },
  };

  it('of an explanation comes with its interval, rate and windows', () => {
    const shown = text(<ScorePrecision measured={measured} />);
    expect(shown).toContain('in 0.40 % of windows: precision 0.31 (0.12 to 0.55) .');
    expect(shown).toContain('It is said of 86 % of 50 firing windows and 0.80 % of 996 random silent ones; 4 windows had no verdict.');
    expect(shown).not.toContain('among the nearest');
    expect(text(<ScorePrecision measured={{ ...measured, scorer: 'embedding', precision: null }} />)).toMatch(/precision not known .*among the nearest/);
  });

  it('of a coder is a line a judge and explainer, and where there is none it says how to measure it', () => {
    const spread = { median: 0.4, lower: 0.2, upper: 0.6, q1: 0.3, q3: 0.5 };
    const line: PrecisionLine = {
      ...{ method: 'lexical', scorer: 'embedding', latents: 20, withValue: 18, precision: spread, firing: spread, medianRate: 0.02 },
      ...{ nFiring: 1000, nSilent: 20_000, nFailed: 0 },
    };
    const shown = text(<CoderPrecision lines={[line]} />);
    expect(shown).toContain('a sample of 20 latents');
    expect(shown).toContain('among 1,000 random silent windows a latent');
    expect(shown).toContain('Embedding lexical 0.40 (0.20 to 0.60) 40 % 2.0 % of windows 18 of 20 21,000');
    expect(text(<CoderPrecision lines={[]} />)).toContain('Not measured yet.');
    expect(text(<CoderPrecision lines={[]} />)).toContain('npm run -s atlas -- precision RUN');
  });
});

describe('results of a run', () => {
  const spread = { n: 197, median: 0.55, lower: 0.54, upper: 0.58, q1: 0.5, q3: 0.6 };

  it('are a table of scores, latents by status, and the rest folded', () => {
    const results = { scores: { embedding: { metric: 'auroc', score: spread, control: { ...spread, median: 0.5 } } }, latents: { ready: 197 }, rows: 1185 };
    const html = renderToStaticMarkup(<RunResults results={results} />);
    expect(text(<RunResults results={results} />)).toContain('Embedding AUROC 0.55 0.54 to 0.58 0.50 197');
    expect(text(<RunResults results={results} />)).toContain('ready 197 latents');
    expect(html.indexOf('1185')).toBeGreaterThan(html.indexOf('<details>'));
  });

  it('of another shape stand as they are, and none is no heading', () => {
    expect(text(<RunResults results={{ scores: 'older' }} />)).toContain('scores older');
    expect(text(<RunResults results={{}} />)).toBe('');
  });
});
