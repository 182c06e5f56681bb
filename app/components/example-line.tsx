import type { Example } from '#lib/example/schema.ts';
import { formatActivation } from '#lib/format/number.ts';
import { centredLine } from '#lib/token/window.ts';
import { SideMark } from './side-mark.tsx';
import { Token } from './token.tsx';

/**
 * One example a line, centred on the token that fires hardest.
 *
 * @param max activation at which the highlight is full: the latent's maximum
 */
export function ExampleLine({ example, max, side = true }: { example: Example; max: number; side?: boolean }) {
  const line = centredLine(example);
  if (line === null) return null;
  return (
    <li className="line">
      <span className="value" title={example.document}>
        {side && <SideMark split={example.split} />}
        {formatActivation(example.maxActivation)}
      </span>
      <span className="left">
        <bdi>
          {line.before.map((piece) => (
            <Token key={piece.index} piece={piece} max={max} />
          ))}
        </bdi>
      </span>
      <span className="right">
        <Token piece={{ ...line.centre, text: line.centre.text.replace(/^ /, '') }} max={max} strongest />
        {line.after.map((piece) => (
          <Token key={piece.index} piece={piece} max={max} />
        ))}
      </span>
    </li>
  );
}
