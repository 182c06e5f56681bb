import type { ReactElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import type { CoderProfile } from '#lib/coder/profile.ts';
import type { LatentNeighboursView, LogitEffectsView, TokenProfileView } from '#lib/latent/profile.ts';
import { CoderFigures } from './coder-figures.tsx';
import { Histogram } from './histogram.tsx';
import { LatentLogits } from './latent-logits.tsx';
import { LatentTokens } from './latent-tokens.tsx';
import { NearLatents } from './near-latents.tsx';

const html = (element: ReactElement): string => renderToStaticMarkup(element);
const text = (element: ReactElement): string => html(element).replace(/<[^>]+>/g, '|').replace(/\|+/g, '|'); // prettier-ignore

describe('tokens', () => {
  const war = { text: ' war', active: 930, occurrences: 940, total: 4650 };
  const tokens: TokenProfileView = {
    entropy: 0.4,
    mostFrequent: ' war',
    mostFrequentShare: 0.93,
    strongestShare: 1,
    strongerHalfShare: 1,
    singleToken: 'strong',
    documents: 40,
    byTotal: [war, { text: '\n', active: 70, occurrences: 5000, total: 350 }],
    byMean: [war],
  };
  it('say how much of the activation is theirs and how surely the latent fires on them', () => {
    const shown = text(<LatentTokens tokens={tokens} activation={5000} />);
    expect(shown).toContain('one token’s latent: “war” 93 % of the time');
    expect(shown).toContain('| war|93 %|');
    expect(shown).toContain('|↵|7.0 %|');
    expect(shown).toContain('| war|930/940 |4.9|');
    expect(html(<LatentTokens tokens={tokens} activation={5000} />)).toContain('“ war”: fires on 930 of the 940 times it stands in the text');
  });
});

describe('effects on the logits', () => {
  const effects: LogitEffectsView = {
    promoted: [{ text: ' peace', effect: 2 }],
    suppressed: [{ text: ' the', effect: -1 }],
    histogram: { from: -1, to: 2, counts: [3, 1] },
  };
  it('carry their sign, and each bar is as long as the effect is large', () => {
    const markup = html(<LatentLogits effects={effects} />);
    expect(text(<LatentLogits effects={effects} />)).toMatch(/makes likelier\| peace\|\+2\.00\|makes less likely\| the\|−1\.00/);
    expect(markup).toContain('style="--a:1.00"');
    expect(markup).toContain('style="--a:0.50"');
  });
});

describe('neighbours', () => {
  const neighbours = (counted: number): LatentNeighboursView => ({
    coOccurrence: {
      nearest: [
        { index: 4, similarity: 0.25, explanation: 'Treaties.', hasPage: true },
        { index: 900, similarity: 0.2, explanation: null, hasPage: false },
      ],
      rows: { counted, all: 100 },
    },
    decoder: { nearest: [] },
    encoder: null,
  });
  const shown = (counted: number): ReactElement => <NearLatents neighbours={neighbours(counted)} model="m" coder="c" />;
  it('lead to their pages where they have one, and a kind that the coder has not is not offered', () => {
    expect(html(shown(100))).toContain('href="/m/c/4"');
    expect(html(shown(100))).not.toContain('/m/c/900');
    expect(text(shown(100))).toContain('not looked at by any run|0.20');
    expect(text(shown(100))).not.toContain('read alike');
  });
  it('are called an estimate where they are one', () => {
    expect(text(shown(100))).not.toContain('Estimated');
    expect(text(shown(25))).toContain('Estimated from 25 % of the text');
  });
});

describe('a coder’s figures', () => {
  const profile: CoderProfile = {
    runId: '3',
    tokens: 524_353,
    windows: 16_469,
    documents: 42,
    latents: 8192,
    alive: 7984,
    dead: 208,
    over1Percent: 267,
    dense: 0,
    l0: 16,
    singleToken: { strong: 1583, weak: 2232 },
    medianMax: 13.8,
    reconstruction: {
      rows: 32,
      tokens: 8000,
      documents: 20,
      varianceUnexplained: 0.1208,
      loss: { predictions: 7900, original: 3.373, spliced: 3.555, ablated: 11.26, increase: 0.182, lower: 0.169, upper: 0.195, recovered: 0.977 },
    },
  };
  it('stand with what they were measured on', () => {
    const shown = text(<CoderFigures profile={profile} />);
    for (const words of [
      '524k tokens of 42 documents, run 3',
      '7,984',
      '97 %; 208 never fire',
      '16.0',
      '12 %',
      '+0.18 nats',
      '+0.17 to +0.20',
      '32 rows, 8,000 tokens',
    ])
      expect(shown).toContain(words);
  });
  it('say so where there are none', () => {
    expect(text(<CoderFigures profile={null} />)).toContain('No run has measured it yet');
    expect(text(<CoderFigures profile={{ ...profile, reconstruction: null }} />)).toContain('could not be measured');
  });
});

describe('a histogram over equal ratios', () => {
  it('names the edges of its bins', () => {
    const markup = html(
      <Histogram
        label="x"
        series={[{ name: 'n', counts: [1, 2], tone: 'fire' }]}
        from={1}
        to={100}
        scale="log"
        format={(value) => value.toFixed(0)}
        unit="tokens"
      />,
    );
    expect(markup).toContain('<title>1 to 10: 1 tokens</title>');
    expect(markup).toContain('<title>10 to 100: 2 tokens</title>');
  });
});
