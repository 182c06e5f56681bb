import type { LogitEffectsView } from '#lib/latent/profile.ts';
import { formatSigned } from '#lib/format/number.ts';
import { visibleText } from '#lib/token/visible.ts';
import { Histogram } from './histogram.tsx';
import { type TokenBar, TokenBars } from './token-bars.tsx';

const SHOWN = 8;

/** What a latent writes: the tokens it makes more and less likely next, by the direct path to the logits. */
export function LatentLogits({ effects }: { effects: LogitEffectsView }) {
  const { promoted, suppressed, histogram } = effects;
  const greatest = Math.max(1e-9, Math.abs(histogram.from), Math.abs(histogram.to));
  const bars = (list: LogitEffectsView['promoted']): TokenBar[] =>
    list.slice(0, SHOWN).map(({ text, effect }) => ({
      text,
      figure: formatSigned(effect),
      strength: Math.abs(effect) / greatest,
      title: `One unit of this latent adds ${formatSigned(effect)} to the logit of “${visibleText(text)}”`,
    }));
  return (
    <section className="section">
      <h2>
        What it writes <span className="aside">direct effect on the next token’s logit</span>
      </h2>
      <div className="two">
        <TokenBars heading="makes likelier" tone="plain" bars={bars(promoted)} />
        <TokenBars heading="makes less likely" tone="plain" bars={bars(suppressed)} />
      </div>
      <details className="mt-2 text-t1 text-ink-3 no-print">
        <summary>All tokens of the vocabulary</summary>
        <div className="mt-2">
          <Histogram
            label={`Histogram of direct effects from ${formatSigned(histogram.from)} to ${formatSigned(histogram.to)}`}
            series={[{ name: 'tokens', counts: histogram.counts, tone: 'plain' }]}
            from={histogram.from}
            to={histogram.to}
            log
            format={formatSigned}
            unit="tokens of the vocabulary"
          />
        </div>
      </details>
    </section>
  );
}
