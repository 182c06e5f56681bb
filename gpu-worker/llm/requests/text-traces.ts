/** Letters in a row that make a trace: “the president of the united states” has 29. */
const TRACE = 32;
/** A text is looked at from every eighth letter on, so that any 39 letters in a row are found. */
const STEP = 8;

/**
 * Knows a passage of some texts again inside a prompt, whatever a prompt does to it: spaces, marks, digits and line breaks put
 * between its tokens, or left out, change nothing, since letters alone are compared. A passage of fewer than 39 letters in
 * a row, and one without letters, is not found.
 */
export class TextTraces {
  readonly #traces = new Set<string>();

  add(text: string): void {
    const letters = lettersOf(text);
    for (let at = 0; at + TRACE <= letters.length; at++) this.#traces.add(letters.slice(at, at + TRACE));
  }

  get size(): number {
    return this.#traces.size;
  }

  isIn(text: string): boolean {
    const letters = lettersOf(text);
    for (let at = 0; at + TRACE <= letters.length; at += STEP) if (this.#traces.has(letters.slice(at, at + TRACE))) return true;
    return false;
  }
}

/** Prompts write line breaks and tabs as `\n` and `\t`, whose letters are not the text's. */
function lettersOf(text: string): string {
  return text.replace(/\\[nt]/g, '').replace(/[^\p{L}]+/gu, '');
}
