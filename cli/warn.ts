/** A sentence for the person at the terminal; the output proper stays clean for scripts. */
export const warn = (sentence: string): void => {
  process.stderr.write(`${sentence}\n`);
};
