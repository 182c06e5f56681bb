/** A token of the model's vocabulary as text, with its leading space, and what a latent does there. */
export interface ProfileToken {
  text: string;
  /** Times the latent fires on it, and times it stands in the text. */
  active: number;
  occurrences: number;
}

export interface LogitProfile {
  /** Tokens whose logits the latent raises most, strongest first, and lowers most. */
  promoted: readonly string[];
  suppressed: readonly string[];
  /**
   * Mean standard score of the ten greatest effects, over what ten draws of as many normal ones as there are tokens
   * would have: 1 for effects without a focus, more when a few tokens stand out.
   */
  concentration: number;
}

/** What explainers and router know of a latent beside its windows, counted over the whole text that it was collected on. */
export interface LatentProfile {
  /** Share of tokens on which it fires, 0 to 1. */
  frequency: number;
  /** Mutual information of firing and the position in the row, in bits a token. */
  positionInformation: number;
  /** Times it fires in equal parts of the row, first part first. */
  positions: ArrayLike<number>;
  rowLength: number;
  /** Whether its activations are one token's (method.md §2.5); null: no. */
  singleToken: 'strong' | 'weak' | null;
  /** Tokens it fires on, by total activation; empty where the tokens are not known. */
  tokens: readonly ProfileToken[];
  /** Null where it is not known what the latent writes: an encoder alone, or a hookpoint off the residual stream. */
  logits: LogitProfile | null;
}
