import type { ReactNode } from 'react';
import { whyUnavailable } from '#lib/run/methods.ts';

/** What stands in a list of boxes to tick. */
export interface Choice {
  value: string;
  text: string;
  /** What else it asks for, said where it can be chosen. */
  needs?: 'chat' | 'lexical';
}

/** A field under its label, with what it lacks below it. */
export function Field({ label, name, error, children }: { label: string; name: string; error: string | undefined; children: ReactNode }) {
  return (
    <div className="flex min-w-0 flex-col gap-1 text-t1">
      <label htmlFor={name} className="text-ink-2">
        {label}
      </label>
      {children}
      <span id={`${name}-error`} className="text-bad empty:hidden">
        {error}
      </span>
    </div>
  );
}

/** A field for a number; `alsoBy` names what else on the page speaks of it. */
export function NumberField({
  label,
  name,
  error,
  value,
  placeholder,
  decimal = false,
  alsoBy,
}: {
  label: string;
  name: string;
  error: string | undefined;
  value: string;
  placeholder?: string;
  decimal?: boolean;
  alsoBy?: string;
}) {
  return (
    <Field label={label} name={name} error={error}>
      <input
        name={name}
        id={name}
        className="input num"
        inputMode={decimal ? 'decimal' : 'numeric'}
        placeholder={placeholder}
        defaultValue={value}
        aria-invalid={error !== undefined}
        aria-describedby={alsoBy === undefined ? `${name}-error` : `${name}-error ${alsoBy}`}
      />
    </Field>
  );
}

/** Boxes to tick; what cannot be chosen here says why. */
export function Choices({
  legend,
  name,
  choices,
  chosen,
  llm,
  error,
}: {
  legend: string;
  name: string;
  choices: readonly Choice[];
  chosen: readonly string[];
  llm: string | null;
  error: string | undefined;
}) {
  return (
    <fieldset className="text-t1">
      <legend className="mb-1 text-ink-2">{legend}</legend>
      {choices.map((choice) => {
        const unavailable = whyUnavailable(choice.value, llm) !== null;
        const remark = unavailable ? null : choice.needs === 'chat' ? llm : choice.needs === 'lexical' ? 'with the lexical baseline' : null;
        return (
          <label key={choice.value} className={`flex items-baseline gap-2 ${unavailable ? 'text-ink-3' : ''}`}>
            <input type="checkbox" name={name} value={choice.value} defaultChecked={chosen.includes(choice.value)} disabled={unavailable} />
            <span>
              {choice.text}
              {remark !== null && <span className="text-ink-3"> · {remark}</span>}
            </span>
          </label>
        );
      })}
      {reasonsOf(choices, llm).map(({ reason, texts, all }) => (
        <p key={reason} className="mt-1 text-ink-3">
          {all ? 'What is greyed out' : texts.join(', ')}: {reason}.
        </p>
      ))}
      {error !== undefined && <p className="text-bad">{error}</p>}
    </fieldset>
  );
}

/** Why some cannot be chosen, each reason once. */
function reasonsOf(choices: readonly Choice[], llm: string | null): { reason: string; texts: string[]; all: boolean }[] {
  const byReason = new Map<string, string[]>();
  for (const { value, text } of choices) {
    const reason = whyUnavailable(value, llm);
    if (reason !== null) byReason.set(reason, [...(byReason.get(reason) ?? []), text]);
  }
  return [...byReason].map(([reason, texts]) => ({ reason, texts, all: byReason.size === 1 && texts.length > 1 }));
}
