import type { Metadata } from 'next';
import { Whisker } from '#app/components/whisker.tsx';
import { WhiskerLegend } from '#app/components/whisker-legend.tsx';

export const metadata: Metadata = {
  title: 'About',
  description: 'What a latent, an explanation, a score, an interval and a control are, and how far each can be trusted.',
  alternates: { canonical: '/about' },
};

/** An invented score, to name the parts of the picture by. */
const DRAWN = { value: 0.78, lower: 0.7, upper: 0.85, control: 0.51, nPositives: 50, nNegatives: 50 };

export default function AboutPage() {
  return (
    <main id="main">
      <article className="prose">
        <h1>How this atlas is made, in plain words</h1>
        <p className="text-ink-2">
          A language model turns text into long lists of numbers. A sparse coder rewrites each list as a few active units out of thousands. This site says, for
          each of those units, what makes it active, and how far you may believe that.
        </p>

        <h2 id="latent">A latent</h2>
        <p>
          A latent is one unit of a sparse coder. On most tokens it is silent, at exactly 0; on some it <em>fires</em>, and the number it fires with is its
          activation. The warm colour means activation everywhere on this site: the stronger the activation, the stronger the colour, measured against the
          latent’s own maximum. The strongest token of a line is underlined too.
        </p>
        <p>
          Examples are grouped by tenths, from the windows on which a latent fires most strongly to those where it hardly does; evidence and exam are cut into
          tenths apart. Looking only at the top is how one comes to believe too simple a story.
        </p>

        <h2 id="explanation">An explanation</h2>
        <p>
          An explanation is a sentence about what makes a latent fire. Each carries the method that wrote it, the date and a permanent version number; a new one
          never overwrites an old one.
        </p>
        <dl>
          <dt>Language-model explanations</dt>
          <dd>A language model reads windows with the firing tokens marked, and says what they have in common.</dd>
          <dt id="baseline">The baseline</dt>
          <dd>
            Needs no language model. It counts which words, word shapes and neighbours set the firing tokens apart from the rest of the text, and writes that
            down. It sees words and not meaning: it is marked as a baseline wherever it appears, and it is here as the mark that better methods have to pass.
          </dd>
        </dl>

        <h2 id="exam">Evidence and exam</h2>
        <p>
          Before anything is explained, whole documents are dealt into two piles. Explanations are written from windows of the first, the <em>evidence</em>;
          they are scored only on windows of the second, the <em>exam</em>. Copies of a document stay in one pile. A third pile stays sealed, for explanations
          written after these pages were public.
        </p>

        <h2 id="score">A score</h2>
        <p>A score is never a bare number here. It is drawn like this (the numbers of this one are invented):</p>
        <div className="card my-4 max-w-[34rem]">
          <div>
            <Whisker name="A score" score={DRAWN} />
            <WhiskerLegend />
          </div>
        </div>
        <dl>
          <dt>Embedding</dt>
          <dd>
            A small model turns the sentence and each exam window into directions of meaning. The score (AUROC) is how often a window that fires lies closer to
            the sentence than one that does not: 1 is always, 0.5 is a coin.
          </dd>
          <dt>Detection</dt>
          <dd>
            A language model gets the sentence and a window, and says whether the latent fires on it. The score is the share of right answers, with firing and
            silent windows weighing the same.
          </dd>
          <dt id="rule">Rule scores</dt>
          <dd>
            Behind the baseline’s sentence is a rule that can be run on text. Its scores say how well that <em>rule</em> finds the windows or the tokens. They
            are kept apart from explanation scores and never averaged with them: they measure another thing.
          </dd>
          <dt id="interval">The interval</dt>
          <dd>
            A score comes from some hundred windows, and other windows would have given another score. The band around the dot is where it would lie in 95 of
            100 repetitions with other documents. Whole documents are redrawn and not single windows, because windows of one document resemble one another.
          </dd>
          <dt id="control">The control</dt>
          <dd>
            The diamond is what <em>another latent’s</em> explanation scores on the same exam. An explanation that does no better than a stranger’s says nothing
            about this latent.
          </dd>
          <dt>Failures</dt>
          <dd>When a method gives no usable answer on a window, that is counted apart. It is not a wrong answer and it is not hidden.</dd>
        </dl>

        <h2 id="none">Latents without an explanation</h2>
        <p>
          Some latents never fire, some fire in too few windows or too few documents for an exam to mean anything. They are listed with the reason and their
          numbers, and are left out of no count.
        </p>

        <h2 id="source">Where the method comes from</h2>
        <p>
          The method is that of <a href="https://arxiv.org/abs/2410.13928">Automatically Interpreting Millions of Features in Large Language Models</a> (Paulo,
          Mallen, Juang, Belrose). What is different here: document-level splits, intervals that resample documents, a control beside each score, and scores of
          different kinds that are never averaged.
        </p>
      </article>
    </main>
  );
}
