import type { ReactNode } from 'react';
import type { CoderProfile, ReconstructionView } from '#lib/coder/profile.ts';
import { formatCompact, formatCount, formatScore, formatShare, formatSigned, plural } from '#lib/format/number.ts';

/** What a run found of a coder as a whole: how many latents live, how many fire at once, and what its output keeps of the model. */
export function CoderFigures({ profile }: { profile: CoderProfile | null }) {
  return (
    <section className="section" aria-labelledby="figures">
      <h2 id="figures">
        The coder on this text{' '}
        {profile !== null && (
          <span className="aside">
            {formatCompact(profile.tokens)} tokens of {plural(profile.documents, 'document')}, run {profile.runId}
          </span>
        )}
      </h2>
      {profile === null ? (
        <p className="text-t1 text-ink-2">
          No run has measured it yet: how many latents live, and what its output keeps of the model, stand here after the next.
        </p>
      ) : (
        <div className="figures">
          <Population profile={profile} />
          <Fidelity reconstruction={profile.reconstruction} />
        </div>
      )}
    </section>
  );
}

function Population({ profile }: { profile: CoderProfile }) {
  const part = (count: number): string => formatShare(count / Math.max(1, profile.latents));
  return (
    <dl className="pairs">
      <Pair name="alive" value={formatCount(profile.alive)} why={`${part(profile.alive)}; ${formatCount(profile.dead)} never fire`} />
      <Pair
        name="dense"
        value={formatCount(profile.dense)}
        why={`fire on more than 10 % of the tokens; ${formatCount(profile.over1Percent)} on more than 1 %`}
      />
      <Pair name="L0" value={profile.l0.toFixed(1)} why="latents fire on a token, on average" />
      {profile.singleToken !== null && (
        <Pair
          name="one token’s"
          value={formatCount(profile.singleToken.strong)}
          why={`fire on hardly anything else; ${formatCount(profile.singleToken.weak)} more come near it`}
        />
      )}
    </dl>
  );
}

function Fidelity({ reconstruction }: { reconstruction: ReconstructionView | null }) {
  if (reconstruction === null)
    return <p className="text-t1 text-ink-2">What its output keeps of the model could not be measured; the log of the run says why.</p>;
  const { loss, varianceUnexplained, rows, tokens, documents } = reconstruction;
  const interval = loss.lower === null || loss.upper === null ? '' : `95 % interval ${formatSigned(loss.lower)} to ${formatSigned(loss.upper)}; `;
  return (
    <div>
      <dl className="pairs">
        {varianceUnexplained !== null && <Pair name="variance unexplained" value={formatShare(varianceUnexplained)} why="of what it reconstructs" />}
        <Pair
          name="next-token loss"
          value={`${formatSigned(loss.increase)} nats`}
          why={`${interval}${formatScore(loss.original)} becomes ${formatScore(loss.spliced)} with its output in place, ${formatScore(loss.ablated)} with zeros`}
        />
        {loss.recovered !== null && <Pair name="loss recovered" value={formatShare(loss.recovered)} why="of what zeros in its place cost" />}
      </dl>
      <p className="mt-2 text-t0 text-ink-3">
        Measured on a sample: {plural(rows, 'row')}, {formatCount(tokens)} tokens of {plural(documents, 'document')}.
      </p>
    </div>
  );
}

function Pair({ name, value, why }: { name: string; value: string; why: string }): ReactNode {
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <b className="num font-[550]">{value}</b> <span className="text-ink-3">{why}</span>
      </dd>
    </>
  );
}
