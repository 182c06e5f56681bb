import { AppError } from '#lib/errors/app-error.ts';
import type { Protocol } from '#lib/example/protocol.ts';
import type { Split } from '#lib/example/schema.ts';
import { rngFor } from '#lib/random/rng.ts';
import type { LatentActivations } from '#gpu-worker/activations/store/types.ts';
import { drawNegatives, type NegativeSources, type NegativeWindow } from './negatives.ts';
import { ranked, sample, type Sampled } from './sample.ts';
import type { WindowTable } from './window-table.ts';
import { activatingWindows, documentOf, sideOf, type ActivatingWindow, type Origin } from './windows.ts';

/** A firing window that may be drawn. */
export interface CandidateWindow extends ActivatingWindow {
  /** Windows of its side with the same tokens in which the latent fires, itself counted; 1 where they are not collapsed. */
  copies: number;
}

export type DrawnWindow = Sampled<CandidateWindow>;

export interface LatentExamples {
  status: 'dead' | 'too_few_windows' | 'too_few_documents' | 'ready';
  /** Windows that could be drawn, and their documents, on each side; of those drawn there may be fewer documents. */
  trainWindows: number;
  testWindows: number;
  trainDocuments: number;
  testDocuments: number;
  /** Evidence, strongest first. */
  train: DrawnWindow[];
  /** The firing windows of the exam, strongest first. */
  test: DrawnWindow[];
  /** The silent windows of the exam. */
  negatives: NegativeWindow[];
}

export interface ExamplesRequest extends NegativeSources {
  table: WindowTable;
  latent: LatentActivations;
  protocol: Protocol;
  seed: number;
  /** Whose documents the exam is drawn from: `reserve` for what was written when a page was public already. */
  exam?: Exclude<Split, 'train'>;
  /** What `candidateWindows` gives for this request, where it was asked for already. */
  candidates?: Candidates;
  /** Windows whose tokens must not come as the exam's silent ones. */
  without?: readonly Origin[];
}

/** The firing windows that each side may be drawn from, in order of rank. */
export interface Candidates {
  train: CandidateWindow[];
  exam: CandidateWindow[];
}

/**
 * Evidence and exam of one latent by a protocol. Every draw is seeded by (seed, what it is for, latent, quantile), so that
 * neither order nor parallelism changes it. Classes of negatives whose sources are not given stay empty.
 */
export function latentExamples(request: ExamplesRequest): LatentExamples {
  const { table, latent, protocol, seed, exam = 'test' } = request;
  const sides = request.candidates ?? candidateWindows(request);
  const draw = (windows: CandidateWindow[], purpose: string, sampler: Protocol['train']): DrawnWindow[] =>
    sample(windows, sampler, protocol, (part) => (part === null ? rngFor(seed, purpose, latent.latent) : rngFor(seed, purpose, latent.latent, part)));
  const train = draw(sides.train, 'train', protocol.train);
  const test = draw(sides.exam, exam, protocol.test);
  const negatives = drawNegatives({ ...request, purpose: exam === 'test' ? 'negatives' : 'reserve-negatives', side: sideFor(protocol, exam), positives: test });
  const documents = (windows: readonly CandidateWindow[]): number => new Set(windows.map(({ origin }) => documentOf(table.layout, origin))).size;
  const counts = {
    trainWindows: sides.train.length,
    testWindows: sides.exam.length,
    trainDocuments: documents(sides.train),
    testDocuments: documents(sides.exam),
  };
  return {
    status: statusOf(latent, counts, protocol, {
      documents: Math.min(documents(train), documents(test)),
      silent: negatives.filter((negative) => negative.class === 'random').length,
    }),
    ...counts,
    train,
    test,
    negatives,
  };
}

/** Silent windows to show beside the evidence, from train documents; none has the tokens of a window of the exam. */
export function contrastiveWindows(request: ExamplesRequest, { train, test, negatives }: LatentExamples): NegativeWindow[] {
  const exam = [...test, ...negatives].map(({ origin }) => origin);
  return drawNegatives({ ...request, purpose: 'contrastive', side: sideFor(request.protocol, 'train'), positives: train, without: exam });
}

/** Counter-examples kept with a latent's evidence: fewer than an exam's, and none near in meaning, which are searched for on the exam's side alone. */
const COUNTER_EXAMPLES: Protocol['negatives'] = { random: 16, same_document: 8, same_token: 8, neighbour: 8 };

/** The silent windows that explainers may see; none where evidence and exam share documents, since such a protocol shows none. */
export function counterExamples(request: ExamplesRequest, examples: LatentExamples): NegativeWindow[] {
  if (request.protocol.sides === 'shared') return [];
  return contrastiveWindows({ ...request, protocol: { ...request.protocol, negatives: COUNTER_EXAMPLES } }, examples);
}

/** Windows that others of near meaning are searched for (method.md §3.6). */
export const SIMILARITY_QUERIES = 10;

/** The strongest firing windows of the exam, that windows near in meaning are searched for. */
export function similarityQueries({ exam }: Candidates, count: number): CandidateWindow[] {
  return exam.slice(0, count);
}

const sideFor = (protocol: Protocol, side: Split): Split | null => (protocol.sides === 'shared' ? null : side);

/**
 * Firing windows of each side in order of rank. Throws AppError 'unsupported' for a reserve exam by a protocol whose sides
 * share their documents: any window may stand on the page, and nothing is sealed.
 */
export function candidateWindows({ table, latent, protocol, exam = 'test' }: Omit<ExamplesRequest, 'candidates'>): Candidates {
  const shape = { length: table.length, placement: protocol.placement };
  const all = activatingWindows(table.layout, latent, shape);
  const keep = (windows: readonly ActivatingWindow[]): CandidateWindow[] =>
    candidates(table, windows, protocol.collapse).slice(0, protocol.maxWindows ?? undefined);
  if (protocol.sides === 'shared') {
    if (exam === 'reserve')
      throw new AppError(
        'unsupported',
        `Protocol ${protocol.name} keeps no reserve: what its pages show may be of any document. Run the coder by protocol atlas, and what is entered can be scored.`,
        { field: 'protocol' },
      );
    const windows = keep(all);
    return { train: windows, exam: windows };
  }
  const of: Record<Split, ActivatingWindow[]> = { train: [], test: [], reserve: [] };
  for (const window of all) of[sideOf(table.layout, window.origin)].push(window);
  if (!protocol.collapse) return { train: keep(of.train), exam: keep(of[exam]) };
  // Tokens that are evidence, or were once shown in the exam, are no test of what was written having seen them.
  const seen = new Set<number>();
  for (const { origin } of of.train) seen.add(table.contentOf(origin));
  if (exam === 'reserve') for (const { origin } of of.test) seen.add(table.contentOf(origin));
  return { train: keep(of.train), exam: keep(of[exam].filter(({ origin }) => !seen.has(table.contentOf(origin)))) };
}

/** In order of rank; of windows with equal tokens the strongest stands for all. */
function candidates(table: WindowTable, windows: readonly ActivatingWindow[], collapse: boolean): CandidateWindow[] {
  const inRank = ranked(windows);
  // Written out: latents have thousands of windows, and spreading each took half the time.
  const alone = ({ origin, max, from, to }: ActivatingWindow): CandidateWindow => ({ origin, max, from, to, copies: 1 });
  if (!collapse) return inRank.map(alone);
  const byContent = new Map<number, CandidateWindow>();
  for (const window of inRank) {
    const content = table.contentOf(window.origin);
    const known = byContent.get(content);
    if (known) known.copies++;
    else byContent.set(content, alone(window));
  }
  return [...byContent.values()];
}

type Counts = Pick<LatentExamples, 'trainWindows' | 'testWindows' | 'trainDocuments' | 'testDocuments'>;

/**
 * Decided on what was drawn, since that is what is shown and examined: of 300 windows of one document and two of each of
 * four others, a draw of 50 has hardly ever all five.
 */
function statusOf(
  { place }: LatentActivations,
  { trainWindows, testWindows }: Counts,
  protocol: Protocol,
  drawn: { documents: number; silent: number },
): LatentExamples['status'] {
  if (place.length === 0) return 'dead';
  const windows = protocol.sides === 'shared' ? trainWindows : trainWindows + testWindows;
  if (
    place.length < protocol.minTokens ||
    windows < protocol.minWindows ||
    trainWindows < protocol.minTrainWindows ||
    testWindows < protocol.minTestWindows
  )
    return 'too_few_windows';
  if (drawn.documents < protocol.minDocuments) return 'too_few_documents';
  // Where both sides are shared it is as delphi has it: a latent without silent windows is explained all the same.
  return protocol.sides === 'documents' && drawn.silent < protocol.minTestWindows ? 'too_few_windows' : 'ready';
}
