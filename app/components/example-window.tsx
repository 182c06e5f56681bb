import type { ReactNode } from 'react';
import type { Example } from '#lib/example/schema.ts';
import { formatActivation } from '#lib/format/number.ts';
import { joinTokens } from '#lib/token/join.ts';
import { SideMark } from './side-mark.tsx';
import { Token } from './token.tsx';

/** A whole window, wrapped, with the document it comes from. */
export function ExampleWindow({
  example,
  max,
  marked,
  note,
}: {
  example: Example;
  max: number;
  /** Tokens that a model was shown as highlighted. */
  marked?: readonly number[] | undefined;
  note?: ReactNode;
}) {
  return (
    <li className="window">
      <span className="value">
        <SideMark split={example.split} />
        {formatActivation(example.maxActivation)}
      </span>
      <span className="min-w-0">
        {joinTokens(example.tokens, example.activations).map((piece) => {
          const strongest = example.maxIndex !== null && example.maxIndex >= piece.index && example.maxIndex < piece.index + piece.count;
          const token = <Token key={piece.index} piece={piece} max={max} strongest={strongest} />;
          return marked?.includes(piece.index) ? (
            <span key={piece.index} className="shown-mark" title="highlighted for the judge">
              {token}
            </span>
          ) : (
            token
          );
        })}
        <span className="source">
          {example.document} · {example.split === 'train' ? 'evidence' : 'exam'} · row {example.row}, token {example.start}
          {note}
        </span>
      </span>
    </li>
  );
}
