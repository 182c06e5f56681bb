import { stripVTControlCharacters } from 'node:util';

/** One thing that happened, as every process writes it. */
export interface LogLine {
  time: string;
  process: string;
  level: string;
  event: string;
  [field: string]: unknown;
}

/**
 * What a child wrote, as a line of ours: its own JSON events as they are, anything else (a framework's greeting, a stack
 * trace) as the event `output`. Null for empty lines.
 */
export function readLine(text: string, process: string, now: Date): LogLine | null {
  const plain = stripVTControlCharacters(text).trimEnd();
  if (plain.trim() === '') return null;
  if (plain.startsWith('{')) {
    try {
      const parsed: unknown = JSON.parse(plain);
      if (isLogLine(parsed)) return parsed;
    } catch {
      // Not JSON after all; shown as it is.
    }
  }
  return { time: now.toISOString(), process, level: 'info', event: 'output', text: plain };
}

function isLogLine(value: unknown): value is LogLine {
  return typeof value === 'object' && value !== null && 'time' in value && 'level' in value && 'event' in value && 'process' in value;
}

const COLOURS: Record<string, string> = { debug: '\u001B[2m', warn: '\u001B[33m', error: '\u001B[31m' };
const PLAIN = '\u001B[0m';
const DIM = '\u001B[2m';

/** The same line for a person at a terminal: local time, process, event, then the fields; an error by its sentence alone. */
export function prettyLine(line: LogLine): string {
  const { time, process, level, event, ...fields } = line;
  const clock = new Date(time).toTimeString().slice(0, 8);
  const colour = COLOURS[level] ?? '';
  const head = `${DIM}${clock}${PLAIN} ${process.padEnd(8)} ${colour}${event === 'output' ? String(fields['text']) : event}${colour && PLAIN}`;
  if (event === 'output') return head;
  const rest = Object.entries(fields)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([key, value]) => `${DIM}${key}=${PLAIN}${short(value)}`);
  return [head, ...rest].join(' ');
}

function short(value: unknown): string {
  if (typeof value === 'object' && value !== null && 'message' in value && typeof value.message === 'string') return value.message;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
