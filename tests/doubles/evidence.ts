import type { Example } from '#lib/example/schema.ts';
import {
  EXPLAIN_SETTINGS,
  type Evidence,
  type ExplainSettings,
  type ExplainTools,
  type Explainer,
  type ExplainOutcome,
} from '#gpu-worker/explain/explainer.ts';
import type { LatentProfile } from '#gpu-worker/explain/profile.ts';
import type { ChatClient } from '#gpu-worker/llm/chat-client.ts';
import { window } from './windows.ts';

export const SETTINGS: ExplainSettings = { ...EXPLAIN_SETTINGS, seed: 22 };

/** Statistics of a latent of which nothing is remarkable. */
export const PLAIN: LatentProfile = {
  frequency: 0.01,
  positionInformation: 0.001,
  positions: new Array<number>(16).fill(10),
  rowLength: 256,
  singleToken: null,
  tokens: [{ text: ' tax', active: 40, occurrences: 50 }],
  logits: null,
};

/** A latent's evidence from texts, firing words in braces; a window a document. */
export function evidence(firing: readonly string[], silent: readonly string[] = [], profile: Partial<LatentProfile> = {}): Evidence {
  const of = (texts: readonly string[], name: string, kind?: Example['kind']): Example[] =>
    texts.map((text, i) => window(text, { row: (name === 'silent' ? 100 : 0) + i, start: 32, document: `${name}-${i}`, ...(kind && { kind }) }));
  return { latent: 7, firing: of(firing, 'firing'), silent: of(silent, 'silent', 'random'), profile: { ...PLAIN, ...profile } };
}

/** Vectors of two dimensions: what holds one of the words points one way, everything else the other. */
export const embedByWords =
  (...words: string[]): ExplainTools['embed'] =>
  (texts) =>
    Promise.resolve(texts.map((text) => Float32Array.of(...(words.some((word) => text.includes(word)) ? [1, 0] : [0, 1]))));

/** What an explainer makes of the evidence with these tools. Throws when it is unfit. */
export function explainWith(
  explainer: Explainer,
  {
    evidence,
    chat,
    embed = embedByWords(),
    settings = {},
  }: { evidence: Evidence; chat: ChatClient | null; embed?: ExplainTools['embed']; settings?: Partial<ExplainSettings> },
): Promise<ExplainOutcome> {
  const prepared = explainer.prepare(evidence, { ...SETTINGS, ...settings });
  if (prepared.kind === 'unfit') throw new Error(prepared.reason);
  return prepared.explain({ chat, embed, cache: 'use' });
}
