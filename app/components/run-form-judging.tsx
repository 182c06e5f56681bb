import { NEGATIVE_CLASS_TEXTS } from '#lib/example/negative-classes.ts';
import { ATLAS_PROTOCOL, NEGATIVE_CLASSES } from '#lib/example/protocol.ts';
import type { RunFormState } from '#lib/run/form.ts';
import { Field, NumberField } from './run-form-fields.tsx';

/** How a language model is asked to judge: each of these changes what a run costs, and the estimate with it. */
export function JudgingFields({ values, errorOf }: { values: RunFormState['values']; errorOf: (...fields: string[]) => string | undefined }) {
  const negatives = values?.negatives ?? NEGATIVE_CLASSES;
  return (
    <>
      <fieldset className="text-t1" aria-describedby="negatives-hint negatives-error">
        <legend className="mb-1 text-ink-2">Silent windows that a language model judges</legend>
        {NEGATIVE_CLASSES.map((name) => (
          <label key={name} className="flex items-baseline gap-2" title={NEGATIVE_CLASS_TEXTS[name].text}>
            {/* The headline is taken against random ones: always sent, also where the box cannot be changed. */}
            {name === 'random' && <input type="hidden" name="negatives" value="random" />}
            <input
              type="checkbox"
              name={name === 'random' ? undefined : 'negatives'}
              value={name}
              defaultChecked={name === 'random' || negatives.some((chosen) => chosen === name)}
              disabled={name === 'random'}
            />
            <span>
              {NEGATIVE_CLASS_TEXTS[name].name}
              <span className="text-ink-3">
                {' '}
                · {ATLAS_PROTOCOL.negatives[name]} a latent{name === 'random' ? ', always: the headline is taken against them' : ''}
              </span>
            </span>
          </label>
        ))}
        <p id="negatives-hint" className="text-ink-3">
          Random ones alone cost about half. Counts are protocol atlas’s; paper and delphi draw random ones only.
        </p>
        <p id="negatives-error" className="text-bad empty:hidden">
          {errorOf('negatives')}
        </p>
      </fieldset>
      <NumberField
        label="Windows in one prompt; empty: as the protocol says, 5. More are cheaper"
        name="itemsPerPrompt"
        error={errorOf('itemsPerPrompt')}
        value={values?.itemsPerPrompt ?? ''}
        placeholder={String(ATLAS_PROTOCOL.itemsPerPrompt)}
      />
      <Field label="How simulation asks, where it is chosen" name="simulation" error={errorOf('simulation')}>
        <select name="simulation" id="simulation" className="input" defaultValue={values?.simulation || 'json'} aria-describedby="simulation-error">
          <option value="json">a number for each token, as JSON</option>
          <option value="likelihood">all at once, from log-probabilities of the prompt</option>
        </select>
      </Field>
      <Field
        label="Controls of what a language model judges: another latent’s explanation, and none, on the same exam"
        name="detectionControl"
        error={errorOf('detectionControl')}
      >
        <select name="detectionControl" id="detectionControl" className="input" defaultValue={values?.detectionControl || 'tenth'}>
          <option value="tenth">for a tenth of the latents, drawn by seed</option>
          <option value="all">for every latent, at twice the price of its exam</option>
          <option value="none">for none</option>
        </select>
      </Field>
    </>
  );
}
