import type { CSSProperties } from 'react';
import { VisibleText } from './token.tsx';

/** A token of the vocabulary with a figure; `strength` in [0, 1] is how much of its row is filled. */
export interface TokenBar {
  text: string;
  figure: string;
  /** Said beside it, fainter. */
  note?: string;
  strength: number;
  /** The figure in words. */
  title: string;
}

/** Tokens with a figure each, most first. `fire` is activation, `plain` everything else. */
export function TokenBars({ heading, bars, tone }: { heading: string; bars: readonly TokenBar[]; tone: 'fire' | 'plain' }) {
  return (
    <div className="min-w-0">
      <h3 className="text-t1 mb-1 !font-normal text-ink-3">{heading}</h3>
      <ol>
        {bars.map((bar, i) => (
          <li key={i} className={`token-bar token-bar-${tone}`} style={{ '--a': bar.strength.toFixed(2) } as CSSProperties} title={bar.title}>
            <span className="mono">
              <VisibleText text={bar.text} />
            </span>
            <span className="num">
              {bar.note !== undefined && <span className="text-ink-3">{bar.note} </span>}
              {bar.figure}
            </span>
          </li>
        ))}
      </ol>
    </div>
  );
}
