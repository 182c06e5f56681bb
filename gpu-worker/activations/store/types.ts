import type { Split } from '#lib/example/schema.ts';

/** One latent's activations in order of place. */
export interface LatentActivations {
  latent: number;
  /** row · rowLength + position, ascending, each at most once. */
  place: Uint32Array;
  /** As stored in 16 bits (`half-scale.ts` says how near they are), widened. */
  value: Float32Array;
}

/**
 * One coder's activations, by latent. What is asked of all latents at once (`counts`, `max`, `sum`) is in memory;
 * a latent's own activations are one ranged read, the blocks it touches checked. Every read throws AppError
 * 'corrupt_file' naming the artifact when a checksum differs, and 'bad_request' for a latent that the coder does not have.
 */
export interface CoderActivations {
  /** Where the coder reads; empty for an import that does not say. */
  readonly hookpoint: string;
  /** Number of latents. */
  readonly width: number;
  readonly pairs: number;
  readonly rows: number;
  readonly rowLength: number;
  /** Stored activations a latent [width]. */
  readonly counts: Uint32Array;
  /** Largest stored value of each latent [width]; 0 for a dead one. */
  readonly max: Float32Array;
  /** Sum of the stored values of each latent [width], in order of place. */
  readonly sum: Float64Array;
  latent(latent: number): Promise<LatentActivations>;
  /** Latents [first, first + count) in one ranged read; memory in proportion to what they hold. */
  latents(first: number, count: number): Promise<LatentActivations[]>;
  /** Latents [first, first + count), all by default, in order and in pieces of bounded memory (save for one latent larger than a piece). */
  sweep(first?: number, count?: number): AsyncGenerator<LatentActivations>;
  close(): Promise<void>;
}

export interface StoredDocument {
  key: string;
  split: Split;
}

/** The tokenised rows that all coders of a store were run on. The small columns are in memory, the tokens are not. */
export interface StoredRows {
  readonly rows: number;
  readonly rowLength: number;
  /** The token that is masked from storage, or null when none is. */
  readonly bos: number | null;
  /** Tokens whose activations are stored: neither masked nor padding. */
  readonly tokenCount: number;
  readonly documents: readonly StoredDocument[];
  /** Index into the documents, a row [rows]. */
  readonly document: Uint32Array;
  /** Tokens that count, BOS included, a row [rows]; what lies behind is padding. */
  readonly length: Uint16Array;
  /** Tokens of rows [first, first + count): [count, rowLength], row-major. */
  tokens(first: number, count: number): Promise<Int32Array>;
  close(): Promise<void>;
}

/** A finished store: one set of rows and the coders that were run on it. */
export interface ActivationStore {
  /** Null for an import without tokens: statistics, but no windows. */
  readonly rows: StoredRows | null;
  /** In the order they were collected. */
  readonly coders: readonly CoderActivations[];
  close(): Promise<void>;
}
