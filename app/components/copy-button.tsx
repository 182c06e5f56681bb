'use client';

import { useState } from 'react';

const SHOWN_MS = 1500;

/** Copies a text; says so to everybody, also to a screen reader. */
export function CopyButton({ text, children, title }: { text: string; children: React.ReactNode; title: string }) {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle');
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setState('copied');
    } catch {
      // No permission, or not a secure context: the text stands beside the button and can be selected.
      setState('failed');
    }
    setTimeout(() => setState('idle'), SHOWN_MS);
  };
  return (
    <button type="button" className="btn needs-script" onClick={() => void copy()} title={title}>
      {children}
      <span aria-live="polite" className={state === 'idle' ? 'sr-only' : 'text-accent'}>
        {state === 'copied' ? 'copied' : state === 'failed' ? 'select and copy' : ''}
      </span>
    </button>
  );
}
