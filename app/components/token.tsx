import type { CSSProperties } from 'react';
import { formatActivation } from '#lib/format/number.ts';
import type { JoinedToken } from '#lib/token/join.ts';
import { visibleParts } from '#lib/token/visible.ts';

/** Weakest highlight that can still be told from none. */
const FAINTEST = 0.07;

/**
 * One piece of a window. A token that fires carries its value for hover and keyboard focus. Only the strongest of a
 * window is a tab stop, the others are reached from it with the arrow keys: a page has hundreds of them.
 */
export function Token({ piece, max, strongest = false }: { piece: JoinedToken; max: number; strongest?: boolean }) {
  if (piece.activation <= 0 && !strongest) return <VisibleText text={piece.text} />;
  if (piece.activation <= 0) return <VisibleText text={piece.text} emphasised />;
  const value = formatActivation(piece.activation);
  const strength = Math.max(FAINTEST, Math.min(1, piece.activation / max));
  const spaced = piece.text.length > 1 && piece.text.startsWith(' ');
  const token = (
    <span
      className={strongest ? 'tok tok-max' : 'tok'}
      style={{ '--a': strength.toFixed(2) } as CSSProperties}
      tabIndex={strongest ? 0 : -1}
      data-value={value}
      aria-description={`activation ${value}`}
    >
      <VisibleText text={spaced ? piece.text.slice(1) : piece.text} />
    </span>
  );
  // The space before a word is no part of what lights up: highlights of neighbours stay apart.
  return spaced ? <> {token}</> : token;
}

/** Text with its line breaks, tabs and stray spaces made visible. */
export function VisibleText({ text, emphasised = false }: { text: string; emphasised?: boolean }) {
  const parts = visibleParts(text).map((part, i) =>
    part.mark ? (
      <span key={i} className="unseen">
        {part.text}
      </span>
    ) : (
      part.text
    ),
  );
  return emphasised ? <span className="font-[550]">{parts}</span> : <>{parts}</>;
}
