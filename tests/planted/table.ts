import { meaninglessLatents, plantedCoder } from './latents.ts';
import { startOracle } from './oracle-endpoint.ts';
import { expectations, sitAll, type Summary } from './sittings.ts';

/**
 * Prints what every scorer finds of 324 planted latents as a Markdown table, the one in docs/planted-latents.md.
 * `node --import tsx tests/planted/table.ts [scorer…]`; two minutes.
 */
const SEED = 22;
const coder = plantedCoder({ seed: SEED, documents: 240 });
const { latents } = coder;
const meaningless = meaninglessLatents(coder, latents.length, SEED);
const [honest, careless] = await Promise.all([startOracle(), startOracle({ errorRate: 0.1 })]);

const three = (x: number): string => x.toFixed(3);
const shown = ({ mean, interval, missing }: Summary): string =>
  `${three(mean)} [${three(interval.low)}, ${three(interval.high)}]${missing > 0 ? `, ${missing} without a value` : ''}`;
const wanted = process.argv.slice(2);
process.stdout
  .write(`| scorer | metric | oracle | null value | true explanations | null found | one item in ten wrong | expected then | intervals that hold that |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
`);
for (const { scorer, metric, oracle, nullValue, withErrors, ofExplanation, open } of expectations(coder)) {
  if (wanted.length > 0 && !wanted.includes(scorer)) continue;
  const [best, worse] = [await open(honest, SEED), await open(careless, SEED)];
  const right = await sitAll(best, latents, ({ explanation }) => explanation, 1);
  const nothing = await sitAll(best, ofExplanation ? latents : meaningless, ({ wrong }) => wrong, nullValue);
  const errors = await sitAll(worse, latents, ({ explanation }) => explanation, withErrors);
  const covering = errors.covering === null ? 'some missing' : `${(100 * errors.covering).toFixed(0)} %`;
  process.stdout.write(
    `| ${scorer} | ${metric} | ${oracle} | ${nullValue} | ${shown(right)} | ${shown(nothing)} | ${shown(errors)} | ${withErrors} | ${covering} |\n`,
  );
}
await Promise.all([honest.close(), careless.close()]);
