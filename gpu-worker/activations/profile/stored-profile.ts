import type { StoredProfile, TopTokenView } from '#lib/latent/profile.ts';
import type { NearLatent } from '#gpu-worker/activations/neighbours/read-neighbours.ts';
import { histogramEdges, singleToken, type LatentProfile, type TokenProfile, type TopToken } from '#gpu-worker/activations/statistics/latent-profile.ts';
import type { LogitEffects, TokenEffect } from '#gpu-worker/sparse-coder/logit-effects.ts';

/** Neighbours of each kind that a page shows. */
export const SHOWN_NEIGHBOURS = 10;

/** What is known of one latent, from where it was found. */
export interface ProfileParts {
  statistics: LatentProfile;
  /** Null for a coder that does not write into the residual stream. */
  effects: LogitEffects | null;
  neighbours: { coOccurrence: readonly NearLatent[]; decoder: readonly NearLatent[] | null; encoder: readonly NearLatent[] | null };
  /** Rows that co-occurrence was counted over, and all. */
  rows: { counted: number; all: number };
  rowLength: number;
  /** A token's text. */
  text(token: number): string;
}

/** Brings what is known of a latent into the form that is stored: texts for token ids, figures of six digits. */
export function storedProfile({ statistics, effects, neighbours, rows, rowLength, text }: ProfileParts): StoredProfile {
  const { windows, windowFrequency, quantiles, histogram, histogramBelow, positions, positionInformation, tokens, max } = statistics;
  const shown = storable(text);
  const edges = histogramEdges(max);
  return {
    windows,
    windowFrequency: rounded(windowFrequency),
    quantiles: Array.from(quantiles, rounded),
    histogram: edges === null ? null : { from: rounded(edges[0]!), to: rounded(max), counts: Array.from(histogram), below: histogramBelow },
    rowLength,
    positions: Array.from(positions),
    positionInformation: rounded(positionInformation),
    tokens: tokens && tokenView(tokens, statistics.count, shown),
    logitEffects: effects && effectsView(effects, shown),
    neighbours: {
      coOccurrence: { nearest: nearest(neighbours.coOccurrence), rows },
      decoder: neighbours.decoder && { nearest: nearest(neighbours.decoder) },
      encoder: neighbours.encoder && { nearest: nearest(neighbours.encoder) },
    },
  };
}

function tokenView(tokens: TokenProfile, count: number, text: (token: number) => string): StoredProfile['tokens'] {
  const top = ({ token, active, occurrences, total }: TopToken): TopTokenView => ({ text: text(token), active, occurrences, total: rounded(total) });
  return {
    entropy: rounded(tokens.entropy),
    mostFrequent: text(tokens.mostFrequent),
    mostFrequentShare: rounded(tokens.mostFrequentShare),
    strongestShare: rounded(tokens.strongestShare),
    strongerHalfShare: rounded(tokens.strongerHalfShare),
    singleToken: singleToken(tokens, count),
    documents: tokens.documents,
    byTotal: tokens.byTotal.map(top),
    byMean: tokens.byMean.map(top),
  };
}

function effectsView({ promoted, suppressed, histogram }: LogitEffects, text: (token: number) => string): StoredProfile['logitEffects'] {
  const list = (effects: readonly TokenEffect[]) => effects.map(({ token, effect }) => ({ text: text(token), effect: rounded(effect) }));
  const [from, to] = [rounded(suppressed[0]?.effect ?? 0), rounded(promoted[0]?.effect ?? 0)];
  return { promoted: list(promoted), suppressed: list(suppressed), histogram: { from, to, counts: Array.from(histogram) } };
}

const nearest = (list: readonly NearLatent[]) => list.map(({ latent, similarity }) => ({ index: latent, similarity: rounded(similarity) }));

/** Six digits: nobody reads more, and doubles in full would double what a row takes. */
const rounded = (value: number): number => Number(value.toPrecision(6));

/** PostgreSQL's JSON holds no NUL; its picture is what would be shown anyway. */
const storable =
  (text: (token: number) => string) =>
  (token: number): string =>
    text(token).replaceAll('\u0000', '\u2400');
