import type { StageProgress } from '#lib/run/schema.ts';

const WIDTH = 24;
/** Between lines where the output is no terminal: a log wants a line now and then, not a film. */
const LINE_EVERY_MS = 5000;

export interface ProgressLines {
  /** Null: there is nothing to show yet. */
  show(line: string | null): void;
  end(): void;
}

/** One updating line on a terminal, a line every few seconds elsewhere. */
export function progressLines(out: NodeJS.WriteStream, now: () => number = Date.now): ProgressLines {
  let last = '';
  let writtenAt = Number.NEGATIVE_INFINITY;
  return {
    show(line) {
      if (line === null || line === last) return;
      if (out.isTTY) out.write(`\r\x1b[2K${line.slice(0, (out.columns ?? 80) - 1)}`);
      else if (now() - writtenAt >= LINE_EVERY_MS) {
        out.write(`${line}\n`);
        writtenAt = now();
      }
      last = line;
    },
    end() {
      if (out.isTTY && last !== '') out.write('\n');
    },
  };
}

/** The stage in hand, and which of its steps, as one line; null before any has begun. */
export function progressLine(stages: readonly StageProgress[]): string | null {
  const stage = stages.find(({ state }) => state === 'running') ?? stages.findLast(({ state }) => state === 'done');
  if (!stage) return null;
  const share = stage.total ? Math.min(1, stage.done / stage.total) : 0;
  const bar = '█'.repeat(Math.round(share * WIDTH)).padEnd(WIDTH, '░');
  const count =
    stage.total === null ? `${stage.done} ${stage.unit}` : `${stage.done.toLocaleString('en')} of ${stage.total.toLocaleString('en')} ${stage.unit}`;
  const rate = stage.rate ? `, ${stage.rate >= 10 ? Math.round(stage.rate).toLocaleString('en') : stage.rate.toFixed(1)} a second` : '';
  const left = stage.secondsLeft ? `, ${Math.ceil(stage.secondsLeft)} s left` : '';
  const step = stage.step === null ? '' : ` ${stage.step.number}/${stage.step.of}`;
  return `${(stage.stage + step).padEnd(11)} ${bar} ${String(Math.floor(share * 100)).padStart(3)} %  ${count}${rate}${left}`;
}
