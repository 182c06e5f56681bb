import { formatActivation, formatCount, formatShare } from '#lib/format/number.ts';
import type { TokenProfileView, TopTokenView } from '#lib/latent/profile.ts';
import { visibleText } from '#lib/token/visible.ts';
import { type TokenBar, TokenBars } from './token-bars.tsx';

const SHOWN = 8;

/** The tokens that a latent fires on: those that hold most of its activation, and those on which it fires most surely. */
export function LatentTokens({ tokens, activation }: { tokens: TokenProfileView; /** Sum of all its activations. */ activation: number }) {
  const counts = ({ text, active, occurrences }: TopTokenView): string =>
    `“${visibleText(text)}”: fires on ${formatCount(active)} of the ${formatCount(occurrences)} times it stands in the text`;
  const mean = ({ total, occurrences }: TopTokenView): number => total / Math.max(1, occurrences);
  const [most, surest] = [tokens.byTotal.slice(0, SHOWN), tokens.byMean.slice(0, SHOWN)];
  const bar = (token: TopTokenView, value: number, greatest: number, figure: string): TokenBar => ({
    text: token.text,
    figure,
    strength: greatest > 0 ? value / greatest : 0,
    title: counts(token),
  });
  return (
    <section className="section">
      <h2>
        Tokens it fires on <span className="aside">{singleTokenWords(tokens)}</span>
      </h2>
      <div className="two">
        <TokenBars
          heading="share of its activation"
          tone="fire"
          bars={most.map((token) => bar(token, token.total, most[0]?.total ?? 0, formatShare(activation > 0 ? Math.min(1, token.total / activation) : 0)))}
        />
        <TokenBars
          heading="mean wherever it stands"
          tone="fire"
          bars={surest.map((token) => ({
            ...bar(token, mean(token), surest[0] === undefined ? 0 : mean(surest[0]), formatActivation(mean(token))),
            note: `${formatCount(token.active)}/${formatCount(token.occurrences)}`,
          }))}
        />
      </div>
    </section>
  );
}

/** How far a latent is one token's. */
function singleTokenWords({ mostFrequent, mostFrequentShare, singleToken }: TokenProfileView): string {
  const share = `“${visibleText(mostFrequent).trim()}” ${formatShare(mostFrequentShare)} of the time`;
  return singleToken === 'strong' ? `one token’s latent: ${share}` : share;
}
