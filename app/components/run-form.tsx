'use client';

import { useActionState, useState } from 'react';
import { PROTOCOL_NAMES, type ProtocolName } from '#lib/example/protocol.ts';
import { evidenceNeeded, evidenceWarning } from '#lib/run/evidence.ts';
import { readRunForm, type RunFormState } from '#lib/run/form.ts';
import type { RunOptions } from '#server/runs/options.ts';
import { RunEstimateTable } from './run-estimate.tsx';
import { type Choice, Choices, Field, NumberField } from './run-form-fields.tsx';
import { JudgingFields } from './run-form-judging.tsx';

const EXPLAINERS: readonly Choice[] = [
  { value: 'lexical', text: 'lexical baseline' },
  { value: 'auto', text: 'chosen by each latent’s statistics', needs: 'chat' },
  { value: 'default', text: 'language model', needs: 'chat' },
  { value: 'contrastive', text: 'language model, against silent windows', needs: 'chat' },
  { value: 'logit_aware', text: 'language model, with promoted tokens', needs: 'chat' },
  { value: 'best_of_k', text: 'language model, best of several', needs: 'chat' },
  { value: 'refine', text: 'language model, refined by its mistakes', needs: 'chat' },
];
const SCORERS: readonly Choice[] = [
  { value: 'embedding', text: 'embedding' },
  { value: 'rule', text: 'rule of the baseline', needs: 'lexical' },
  { value: 'detection', text: 'detection', needs: 'chat' },
  { value: 'fuzzing', text: 'fuzzing', needs: 'chat' },
  { value: 'simulation', text: 'simulation', needs: 'chat' },
  { value: 'surprisal', text: 'surprisal', needs: 'chat' },
  { value: 'intruder', text: 'intruder, of the latent itself', needs: 'chat' },
];

const TOKENS = '524288';

/** A protocol's name, of a field that may hold anything. */
const protocolOf = (value: unknown): ProtocolName => PROTOCOL_NAMES.find((name) => name === value) ?? 'atlas';

interface Advice {
  text: string;
  isWarning: boolean;
}

/** What a latent needs by the protocol, or what reading so much of that text will lack, as the form stands. */
function adviceOn(form: FormData, options: RunOptions): Advice {
  const { model, coder, text, tokens, protocol: named } = readRunForm(form).config;
  const protocol = protocolOf(named);
  const chosen = options.models.find(({ slug }) => slug === model)?.coders.find(({ slug }) => slug === coder);
  const source = options.texts.find(({ slug }) => slug === text);
  const known = chosen !== undefined && source !== undefined && typeof tokens === 'number';
  const warning = known ? evidenceWarning({ protocol, tokens, coder: chosen, text: source }) : null;
  return { text: warning ?? evidenceNeeded(protocol), isWarning: warning !== null };
}

/** The form as it stands before anybody touched it. */
function untouched(options: RunOptions, values: RunFormState['values']): FormData {
  const [model] = options.models.filter(({ coders }) => coders.length > 0);
  const form = new FormData();
  form.set('target', values?.target ?? (model === undefined ? '' : `${model.slug}/${model.coders[0]?.slug}`));
  form.set('text', values?.text ?? options.texts[0]?.slug ?? '');
  form.set('tokens', values?.tokens ?? TOKENS);
  form.set('protocol', values?.protocol ?? '');
  return form;
}

/** The form that starts a run. The run's own schema judges it; what a field lacks stands below the field. */
export function RunForm({ options, action }: { options: RunOptions; action: (before: RunFormState, form: FormData) => Promise<RunFormState> }) {
  const [state, submit, pending] = useActionState(action, { values: null, errors: [], message: null, estimate: null });
  const { values } = state;
  // Since the form was last answered; before, and without JavaScript, what it was sent with decides.
  const [edited, setEdited] = useState<{ since: RunFormState; advice: Advice } | null>(null);
  const advice = edited?.since === state ? edited.advice : adviceOn(untouched(options, values), options);
  const explainers = values?.explainers ?? ['lexical'];
  const scorers = values?.scorers ?? ['embedding', 'rule'];
  const errorOf = (...fields: string[]): string | undefined =>
    state.errors.find((error) => fields.some((field) => error.field === field || error.field.startsWith(`${field}.`)))?.message;
  return (
    <form
      action={submit}
      className="card"
      key={JSON.stringify(values)}
      onChange={(event) => setEdited({ since: state, advice: adviceOn(new FormData(event.currentTarget), options) })}
    >
      {state.message !== null && (
        <p role="alert" className="!text-bad">
          {state.message}
        </p>
      )}
      <div className="flex flex-col gap-3">
        <Field label="Model and sparse coder" name="target" error={errorOf('model', 'coder', 'hookpoint')}>
          <select name="target" id="target" className="input" defaultValue={values?.target} required aria-describedby="target-error">
            {options.models.map((model) => (
              <optgroup key={model.slug} label={model.name}>
                {model.coders.map((coder) => (
                  <option key={coder.slug} value={`${model.slug}/${coder.slug}`}>
                    {coder.slug} · {coder.inputHookpoints.join(', ')} · {coder.width}
                  </option>
                ))}
              </optgroup>
            ))}
          </select>
        </Field>
        <Field label="Text" name="text" error={errorOf('text')}>
          <select name="text" id="text" className="input" defaultValue={values?.text} aria-describedby="text-error">
            {options.texts.map((text) => (
              <option key={text.slug} value={text.slug}>
                {text.name} · {text.documents} documents
              </option>
            ))}
          </select>
        </Field>
        <div className="grid grid-cols-2 gap-3">
          <NumberField label="Tokens to read" name="tokens" error={errorOf('tokens')} value={values?.tokens ?? TOKENS} alsoBy="evidence" />
          <NumberField label="Seed" name="seed" error={errorOf('seed')} value={values?.seed ?? '22'} />
          <Field label="Latents" name="latents" error={undefined}>
            <select name="latents" id="latents" className="input" defaultValue={values?.latents ?? 'all'}>
              <option value="all">all</option>
              <option value="first">the first …</option>
              <option value="random">… at random</option>
            </select>
          </Field>
          <NumberField label="How many, unless all" name="count" error={errorOf('latents')} value={values?.count ?? ''} />
        </div>
        <p id="evidence" role="status" className={advice.isWarning ? 'note' : 'text-t1 text-ink-3'}>
          {advice.text}
        </p>
        <Field label="How evidence and exams are drawn" name="protocol" error={errorOf('protocol')}>
          <select name="protocol" id="protocol" className="input" defaultValue={values?.protocol || 'atlas'}>
            <option value="atlas">atlas: evidence and exam in different documents</option>
            <option value="paper">paper: as published, where they share documents</option>
            <option value="delphi">delphi: its defaults, where they share documents too</option>
          </select>
        </Field>
        <Choices legend="Explainers" name="explainers" choices={EXPLAINERS} chosen={explainers} llm={options.llm} error={errorOf('explainers')} />
        <Choices legend="Scorers" name="scorers" choices={SCORERS} chosen={scorers} llm={options.llm} error={errorOf('scorers')} />
        {options.llm !== null && <JudgingFields values={values} errorOf={errorOf} />}
        {options.llm !== null && (
          <>
            <NumberField
              label="Most that the language model may cost, in US dollars; empty: no limit"
              name="budget"
              error={errorOf('budget')}
              value={values?.budget ?? ''}
              decimal
            />
            <button type="submit" name="intent" value="estimate" className="btn !min-h-[36px]" disabled={pending}>
              Estimate calls, tokens and money
            </button>
          </>
        )}
        {state.estimate !== null && <RunEstimateTable estimate={state.estimate} />}
        <button type="submit" className="btn btn-main !min-h-[36px]" disabled={pending}>
          {pending ? 'One moment…' : 'Start the run'}
        </button>
      </div>
    </form>
  );
}
