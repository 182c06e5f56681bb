import type { LatentDetail } from '#lib/catalogue/schema.ts';
import { formatActivation, formatCompact, formatCount, formatShare } from '#lib/format/number.ts';
import { visibleText } from '#lib/token/visible.ts';
import { CopyButton } from './copy-button.tsx';

/** A latent that fires on one token so often is about little else. */
const ONE_TOKEN = 0.5;

/** The one line under a latent's explanation: id, how often it fires, on what. */
export function LatentFacts({ latent }: { latent: LatentDetail }) {
  const tokens = latent.profile?.tokens ?? null;
  return (
    <div className="facts mt-2 mb-6 !items-center">
      <span className="flex items-center gap-2">
        <span className="mono break-all">{latent.id}</span>
        <CopyButton text={latent.id} title="Copy this latent’s id">
          Copy id
        </CopyButton>
      </span>
      <span>
        fires on <b className="num">{formatShare(latent.frequency)}</b> of <span className="num">{formatCompact(latent.tokenCount)}</span> tokens
      </span>
      {tokens !== null && (
        <span>
          in <b className="num">{formatCount(tokens.documents)}</b> documents
        </span>
      )}
      {tokens !== null && tokens.mostFrequentShare >= ONE_TOKEN && (
        <span>
          <span className="mono">{visibleText(tokens.mostFrequent)}</span> <b className="num">{formatShare(tokens.mostFrequentShare)}</b> of the time
        </span>
      )}
      {latent.maxActivation > 0 && (
        <span>
          max <b className="num">{formatActivation(latent.maxActivation)}</b>
        </span>
      )}
      {latent.text !== null && (
        <span>
          on {latent.text.name}
          {latent.text.license === '' ? '' : `, ${latent.text.license}`}
        </span>
      )}
      {latent.status === 'ready' && (
        <span
          className="chip chip-on"
          title={`Evidence could come from ${formatCount(latent.trainDocuments)} documents, the exam from ${formatCount(latent.testDocuments)} others.`}
        >
          evidence and exam from different documents
        </span>
      )}
    </div>
  );
}
