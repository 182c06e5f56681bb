import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import type { EnteredExplanation } from '#lib/explanation/moderation.ts';
import { EnteredExplanations } from './entered-explanations.tsx';
import { ExplanationAttempts } from './explanation-attempts.tsx';
import { ExplanationEntry } from './explanation-entry.tsx';

const action = () => Promise.resolve({ text: '', error: null, entered: false });
const entry = (signedIn: boolean): string => renderToStaticMarkup(<ExplanationEntry signedIn={signedIn} address="/m/c/7" action={action} />);

describe('entering an explanation', () => {
  it('is a labelled form with its limits for whoever is signed in', () => {
    const html = entry(true);
    const id = /<textarea[^>]* id="([^"]+)"/.exec(html)?.[1];
    expect(html).toContain(`for="${id}"`);
    expect(html).toMatch(/<textarea[^>]*required=""[^>]*minLength="3"[^>]*maxLength="400"/);
    expect(html).toMatch(/role="alert" class="sr-only"/);
    expect(html).toMatch(/role="status" class="sr-only"/);
  });

  it('is a way to sign in and back for everybody else, and no form', () => {
    expect(entry(false)).toContain('href="/sign-in?next=%2Fm%2Fc%2F7"');
    expect(entry(false)).not.toContain('<form');
  });
});

describe('how explainers fared', () => {
  const attempt = { asked: 'auto', method: 'default', reason: null, cause: null, message: null };
  const shown = (changes: Partial<typeof attempt> | Record<string, string | null>): string =>
    renderToStaticMarkup(<ExplanationAttempts attempts={[{ ...attempt, ...changes }]} />).replaceAll(/<[^>]*>/g, '');

  it('says what was chosen and why, what failed and why, and nothing where there is nothing to say', () => {
    expect(shown({ reason: 'It fires on one token.', method: 'single_token' })).toBe('Chosen by its statistics: single_token. It fires on one token.');
    expect(shown({ reason: 'It is dense.', method: null, cause: 'not_explainable', message: 'It is dense.' })).toBe(
      'Chosen by its statistics: no explanation. It is dense.',
    );
    expect(shown({ asked: 'refine', method: 'refine', cause: 'bad_answer', message: 'It was cut off.' })).toBe(
      'refine gave no explanation (failed): It was cut off.',
    );
    expect(shown({ asked: 'contrastive', method: 'contrastive', cause: 'unfit', message: 'Nothing is silent.' })).toBe(
      'contrastive gave no explanation: Nothing is silent.',
    );
    expect(shown({})).toBe('');
  });

  it('shows an answer’s markup as text', () => {
    expect(renderToStaticMarkup(<ExplanationAttempts attempts={[{ ...attempt, cause: 'bad_answer', message: '<img src=x>' }]} />)).toContain(
      '&lt;img src=x&gt;',
    );
  });
});

describe('what was entered', () => {
  const entered: EnteredExplanation = {
    ...{ id: '9', text: '<img src=x> ships', explainer: 'Ada', own: true, state: 'public' },
    events: [{ action: 'entered', reason: '', by: 'Ada', at: '2026-11-22T10:00:00.000Z' }],
  };
  const shown = (changes: Partial<EnteredExplanation>, admin = false): string =>
    renderToStaticMarkup(<EnteredExplanations entered={[{ ...entered, ...changes }]} admin={admin} action={() => Promise.resolve({ error: null })} />);

  it('is text, which its author can withdraw and nobody else', () => {
    expect(shown({})).toContain('&lt;img src=x&gt; ships');
    expect(shown({})).toContain('value="withdraw"');
    expect(shown({})).not.toContain('value="hide"');
    expect(shown({ own: false }, true)).not.toContain('value="withdraw"');
    expect(shown({ own: false }, true)).toContain('value="hide"');
  });

  it('says what became of it, by whom and why, and offers what is left to do', () => {
    const hidden = { action: 'hidden', reason: 'Be <b>kind</b>.', by: 'Root', at: '2026-11-22T11:00:00.000Z' } as const;
    const events = [...entered.events, hidden];
    expect(shown({ state: 'hidden', events })).toMatch(/Hidden by Root, [^<]*: Be &lt;b&gt;kind&lt;\/b&gt;\./);
    expect(shown({ state: 'hidden', events }, true)).toContain('value="show"');
    expect(shown({ state: 'withdrawn' }, true)).not.toContain('<button');
    expect(renderToStaticMarkup(<EnteredExplanations entered={[]} admin action={() => Promise.resolve({ error: null })} />)).toBe('');
  });
});
