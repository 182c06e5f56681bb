import { prettyLine, type LogLine } from './format-line.ts';

/**
 * The terminal: lines scroll by, one status line stays below them. On anything but a terminal (a file, a pipe, CI) lines
 * are JSON and there is no status line.
 */
export class Console {
  readonly interactive: boolean;
  readonly #stream: NodeJS.WriteStream;
  #status = '';

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    this.interactive = stream.isTTY === true;
  }

  line(line: LogLine): void {
    const { time, process, level, event, ...fields } = line;
    this.text(this.interactive ? prettyLine(line) : JSON.stringify({ time, process, level, event, ...fields }));
  }

  text(text: string): void {
    this.#stream.write(`${this.#clear()}${text}\n${this.#status}`);
  }

  /** Replace the status line; an empty one removes it. */
  status(text: string): void {
    if (!this.interactive || text === this.#status) return;
    const clear = this.#clear();
    // A status line that wrapped could not be cleared again.
    this.#status = text.slice(0, Math.max(0, (this.#stream.columns || 80) - 1));
    this.#stream.write(clear + this.#status);
  }

  #clear(): string {
    return this.#status === '' ? '' : '\r\u001B[K';
  }
}
