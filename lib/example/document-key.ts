/** The key of a block of a document that was cut into stretches; `n` from 1. */
export const blockKey = (document: string, n: number): string => `${document}#${n}`;

const BLOCK = /^(.+)#\d+$/;

/**
 * Every key under which a window's document may be taken down: its own and, for a block, that of the document it was cut
 * from. A document whose own name ends like a block's is hidden with the one named before the `#`, which errs towards
 * showing less.
 */
export function takedownKeys(key: string): string[] {
  const whole = BLOCK.exec(key)?.[1];
  return whole === undefined ? [key] : [key, whole];
}
