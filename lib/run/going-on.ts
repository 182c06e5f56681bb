import type { PublicRun } from './public.ts';
import type { Stage } from './schema.ts';
import { waitingText, whyWaiting } from './waiting.ts';

/** What of a run decides what its visitors are told. */
export type GoingOn = Pick<PublicRun, 'id' | 'state' | 'stages' | 'waitsFor' | 'unservedQueue'>;

/** The stage a run is in: the one running, else the first that is not over; null when all are. */
export function stageInHand({ stages }: Pick<GoingOn, 'stages'>): Stage | null {
  return (stages.find(({ state }) => state === 'running') ?? stages.find(({ state }) => state === 'waiting'))?.stage ?? null;
}

const IN_STAGE: Record<Stage, string> = {
  collect: 'The model is reading the text. Latents appear when it has read all of it.',
  sample: 'Latents appear as their examples are chosen; they are explained next.',
  explain: 'Explanations appear as they are written, here and in the search; they are scored next.',
  score: 'All explanations can be read and searched. Their scores appear as they are taken; the search sorts and filters by them when all are there.',
  index: 'Lists and the search are being brought up to date with the scores.',
};

/** In a sentence or two, what can be seen of a run by now and what comes next. */
export function whatIsGoingOn(run: GoingOn): string {
  switch (run.state) {
    case 'queued':
      return run.waitsFor === null ? 'Waiting for a worker.' : `${sentence(waitingText(run.waitsFor))}.`;
    case 'running': {
      const [waiting, stage] = [whyWaiting(run), stageInHand(run)];
      return waiting !== null ? `${sentence(waiting)}.` : stage === null ? 'The run is being finished.' : IN_STAGE[stage];
    }
    case 'finished':
      return 'Finished.';
    case 'failed':
      return 'The run failed. An admin sees why.';
    case 'cancelled':
      return 'The run was cancelled.';
  }
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
