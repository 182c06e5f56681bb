import type { Split } from './schema.ts';

/** Shares of the tokens: evidence, exam, and a reserve kept sealed for whatever is written after a page is public. */
export const SPLIT_SHARES = { train: 0.5, test: 0.35, reserve: 0.15 } as const satisfies Record<Split, number>;
