/** Where negatives come from; `random` is the headline, comparable with the paper, and each class is reported by itself. */
export const NEGATIVE_CLASSES = ['random', 'same_document', 'same_token', 'similar', 'neighbour'] as const;
export type NegativeClass = (typeof NEGATIVE_CLASSES)[number];

/**
 * How windows are drawn from a side's firing windows, ranked by their maximum. `quantiles`: the ranks are cut into
 * `quantiles` groups of equal size and `perQuantile` are drawn from each. `mix`: the strongest ⌊count · ratioTop⌋, and the
 * rest from the groups of what remains.
 */
export type Sampler =
  | { kind: 'top'; count: number }
  | { kind: 'random'; count: number }
  | { kind: 'quantiles'; perQuantile: number }
  | { kind: 'mix'; count: number; ratioTop: number };

/** What a run, and a record of one, calls them. */
export const PROTOCOL_NAMES = ['atlas', 'paper', 'delphi'] as const;
export type ProtocolName = (typeof PROTOCOL_NAMES)[number];

/** A way to draw evidence and exams, in numbers alone (method.md §13). Scores of different protocols are never mixed. */
export interface Protocol {
  name: ProtocolName;
  /** Tokens in a window; a divisor of the row. */
  windowLength: number;
  /** `tiled`: rows are cut into windows. `centred`: each window lies about its strongest token. */
  placement: 'tiled' | 'centred';
  /** `documents`: evidence from train documents, exams from test documents. `shared`: both from all of them. */
  sides: 'documents' | 'shared';
  /** Whether windows of equal tokens count once, and none of them stands on both sides of an exam or in evidence and exam. */
  collapse: boolean;
  /** Strongest windows kept of a latent; null: all. */
  maxWindows: number | null;
  quantiles: number;
  /** Windows that do not divide: `spread` makes groups differ by one, `dropped` leaves the weakest out. */
  remainder: 'spread' | 'dropped';
  train: Sampler;
  test: Sampler;
  negatives: Partial<Record<NegativeClass, number>>;
  /** `distinct` windows; or any silent windows `repeated`, none where fewer are silent than asked for; or a window of any row that is silent as a whole. */
  randomFrom: 'distinct' | 'repeated' | 'silent_rows';
  /** Activations as whole numbers from 0 to 10 of the latent's maximum: rounded up, down, or up in half precision as delphi computes. */
  normalise: 'ceil' | 'floor' | 'ceil_half';
  /** A token is highlighted where it fires above this share of its own window's maximum. */
  highlightThreshold: number;
  /** Of the model that explains, and of the one that judges. */
  explainTemperature: number;
  scoreTemperature: number;
  /** Windows judged in one prompt of a scorer that asks a language model. */
  itemsPerPrompt: number;
  minTokens: number;
  /** Of both sides together. */
  minWindows: number;
  minTrainWindows: number;
  minTestWindows: number;
  /** On each side of the split. */
  minDocuments: number;
}

/**
 * Protocol `atlas`, the default: how much is drawn for each latent, and the least that decides whether it is explained
 * and scored or is marked `too_few_windows` or `too_few_documents`. The worker samples by it, the pages say it.
 */
export const ATLAS_PROTOCOL = {
  name: 'atlas',
  windowLength: 32,
  placement: 'tiled',
  sides: 'documents',
  collapse: true,
  maxWindows: null,
  quantiles: 10,
  remainder: 'spread',
  train: { kind: 'quantiles', perQuantile: 4 },
  test: { kind: 'quantiles', perQuantile: 5 },
  negatives: { random: 50, same_document: 25, same_token: 25, similar: 25, neighbour: 25 },
  randomFrom: 'distinct',
  normalise: 'ceil',
  highlightThreshold: 0.3,
  explainTemperature: 0,
  scoreTemperature: 0,
  itemsPerPrompt: 5,
  minTokens: 1,
  minWindows: 1,
  minTrainWindows: 20,
  /** Of an exam's firing windows and of its silent ones. */
  minTestWindows: 30,
  minDocuments: 5,
} as const satisfies Protocol;

/** Protocol `paper`: what the published numbers were made with, evidence shown and examined from one list of windows. */
export const PAPER_PROTOCOL: Protocol = {
  name: 'paper',
  windowLength: 32,
  placement: 'tiled',
  sides: 'shared',
  collapse: false,
  maxWindows: 10_000,
  quantiles: 10,
  remainder: 'dropped',
  train: { kind: 'quantiles', perQuantile: 4 },
  test: { kind: 'quantiles', perQuantile: 10 },
  negatives: { random: 100 },
  randomFrom: 'silent_rows',
  normalise: 'floor',
  highlightThreshold: 0.3,
  explainTemperature: 0.7,
  scoreTemperature: 0.7,
  itemsPerPrompt: 5,
  minTokens: 200,
  minWindows: 1,
  minTrainWindows: 1,
  minTestWindows: 1,
  minDocuments: 1,
};

/** Protocol `delphi`: the defaults of delphi's main branch, for regression and for reading its own results. */
export const DELPHI_PROTOCOL: Protocol = {
  ...PAPER_PROTOCOL,
  name: 'delphi',
  maxWindows: null,
  test: { kind: 'quantiles', perQuantile: 5 },
  negatives: { random: 50 },
  randomFrom: 'repeated',
  normalise: 'ceil_half',
  explainTemperature: 0,
  scoreTemperature: 0,
  minTokens: 1,
  minWindows: 200,
};

export const PROTOCOLS = { atlas: ATLAS_PROTOCOL, paper: PAPER_PROTOCOL, delphi: DELPHI_PROTOCOL } as const satisfies Record<ProtocolName, Protocol>;

/** The protocol of a run, by the name in its configuration. */
export const protocolNamed = (name: ProtocolName): Protocol => PROTOCOLS[name];

/** Whether negatives near in meaning belong to the protocol's exams: finding them takes an embedder. */
export const drawsSimilar = ({ negatives }: Pick<Protocol, 'negatives'>): boolean => (negatives.similar ?? 0) > 0;
