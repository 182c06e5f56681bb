import { ATLAS_PROTOCOL, protocolNamed, type ProtocolName } from '#lib/example/protocol.ts';
import { SPLIT_SHARES } from '#lib/example/split-shares.ts';
import { formatCount, plural } from '#lib/format/number.ts';

const { quantiles, train, test, minTrainWindows, minTestWindows, minDocuments } = ATLAS_PROTOCOL;

/** What a latent needs to be explained and scored; said wherever somebody chooses how much to read. */
export const EVIDENCE_NEEDED =
  `A latent is explained when it fires in ${minTrainWindows} windows of the train side and ${minTestWindows} of the test side, from ` +
  `${minDocuments} documents on each; ${quantiles * train.perQuantile} and ${quantiles * test.perQuantile} are drawn where there are as many.`;

/** The same for any protocol: those whose sides share documents have one minimum for both. */
export function evidenceNeeded(name: ProtocolName): string {
  const protocol = protocolNamed(name);
  if (protocol.sides === 'documents') return EVIDENCE_NEEDED;
  const least = protocol.minTokens > 1 ? `on ${plural(protocol.minTokens, 'token')}` : `in ${plural(protocol.minWindows, 'window')}`;
  return `By protocol ${name} a latent is explained when it fires ${least}; evidence and exam are drawn from the same documents.`;
}

export interface EvidencePlan {
  /** `atlas` when left out. */
  protocol?: ProtocolName;
  tokens: number;
  /** `k` latents fire on each token; null for coders without top-k, of which nothing is known beforehand. */
  coder: { width: number; k: number | null };
  /** Documents there are, and how long one is on average; null when that is not known. */
  text: { documents: number; tokensPerDocument: number | null };
}

/** Latents differ: where the average one has just enough, about half have too little. */
const MARGIN = 2;
/** Documents that fill the smaller side, the exam, with margin. */
const DOCUMENTS = Math.ceil((MARGIN * minDocuments) / SPLIT_SHARES.test);

/**
 * A sentence for somebody about to start a run that reads so little that most of its latents will be left out, with how
 * much to read instead; null when it reads enough, as far as can be known before it has begun.
 */
export function evidenceWarning(plan: EvidencePlan): string | null {
  return protocolNamed(plan.protocol ?? 'atlas').sides === 'documents' ? warningOfSides(plan) : warningOfAll(plan);
}

/** For protocols that take evidence and exam from the same windows. */
function warningOfAll({ protocol = 'atlas', tokens, coder, text }: EvidencePlan): string | null {
  if (coder.k === null) return null;
  const { minTokens, minWindows } = protocolNamed(protocol);
  const held = text.tokensPerDocument === null ? Infinity : text.documents * text.tokensPerDocument;
  const fires = (Math.min(tokens, held) * coder.k) / coder.width;
  const least = Math.max(minTokens, minWindows);
  if (fires >= MARGIN * least) return null;
  return `An average latent will fire on about ${formatCount(Math.floor(fires))} tokens, too few for most (too_few_windows). ${evidenceNeeded(protocol)} So ${remedyFor((MARGIN * least * coder.width) / coder.k, held)}.`;
}

function warningOfSides({ tokens, coder, text }: EvidencePlan): string | null {
  // All that the text has, whatever is asked of it; unknown before a run has read it.
  const held = text.tokensPerDocument === null ? Infinity : text.documents * text.tokensPerDocument;
  const read = text.tokensPerDocument === null ? text.documents : Math.min(text.documents, Math.ceil(tokens / text.tokensPerDocument));
  if (read < DOCUMENTS) {
    const remedy =
      text.documents < DOCUMENTS
        ? `the text holds only ${formatCount(text.documents)}: choose one of ${DOCUMENTS} documents or more`
        : `read ${formatCount(roundUp(DOCUMENTS * (text.tokensPerDocument ?? 0)))} tokens or more, about ${DOCUMENTS} documents`;
    return `About ${formatCount(read)} documents will be read, too few for most latents (too_few_documents). ${EVIDENCE_NEEDED} So ${remedy}.`;
  }
  if (coder.k === null) return null;
  // At most: a latent that fires twice in a window has one window.
  const testWindows = (SPLIT_SHARES.test * Math.min(tokens, held) * coder.k) / coder.width;
  if (testWindows >= MARGIN * minTestWindows) return null;
  const needed = (MARGIN * minTestWindows * coder.width) / (SPLIT_SHARES.test * coder.k);
  return `An average latent will have at most ${formatCount(Math.floor(testWindows))} windows on the test side, too few for most (too_few_windows). ${EVIDENCE_NEEDED} So ${remedyFor(needed, held)}.`;
}

const remedyFor = (needed: number, held: number): string =>
  needed > held
    ? `the text holds only about ${formatCount(Math.round(held))} tokens: choose a longer text, of ${formatCount(roundUp(needed))} tokens or more`
    : `read ${formatCount(roundUp(needed))} tokens or more`;

/** To two digits: it is an estimate. */
function roundUp(tokens: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(tokens)) - 1);
  return Math.ceil(tokens / unit) * unit;
}
