import { InvalidArgumentError } from 'commander';

/** Readers of numbers on the command line; commander shows what they throw beside the option's name. */
export const count = (text: string): number => checked(text, (n) => Number.isSafeInteger(n) && n >= 1, 'A whole number from 1 is expected');

export const index = (text: string): number => checked(text, (n) => Number.isSafeInteger(n) && n >= 0, 'A whole number from 0 is expected');

export const nonNegative = (text: string): number => checked(text, (n) => Number.isFinite(n) && n >= 0, 'A number from 0 is expected');

export const probability = (text: string): number => checked(text, (n) => n > 0 && n <= 1, 'A number above 0, at most 1 is expected');

function checked(text: string, right: (n: number) => boolean, otherwise: string): number {
  const n = text.trim() === '' ? NaN : Number(text);
  if (!right(n)) throw new InvalidArgumentError(`${otherwise}.`);
  return n;
}
