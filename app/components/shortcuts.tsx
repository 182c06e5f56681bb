'use client';

import { useEffect, useRef } from 'react';

const KEYS: readonly (readonly [string, string])[] = [
  ['/', 'go to the search field'],
  ['j or →', 'next latent'],
  ['k or ←', 'previous latent'],
  ['r', 'a random latent of this coder'],
  ['Tab, then ← →', 'walk along the tokens of a line, with their values'],
  ['?', 'this list'],
  ['Esc', 'close it'],
];

/** Keyboard shortcuts for the whole site, and the list of them behind `?`. Everything they do is a link or field too. */
export function Shortcuts() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (event.key === '?') dialog.current?.showModal();
      else if (event.key === '/') focusSearch();
      else if (walkTokens(event)) return event.preventDefault();
      else if (event.key === 'j' || event.key === 'ArrowRight') follow('next');
      else if (event.key === 'k' || event.key === 'ArrowLeft') follow('prev');
      else if (event.key === 'r') follow('random');
      else return;
      if (!event.key.startsWith('Arrow')) event.preventDefault();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby="shortcuts-title" className="card m-auto w-[min(28rem,calc(100vw-32px))] bg-panel text-ink backdrop:bg-black/40">
      <div className="flex items-center justify-between">
        <h2 id="shortcuts-title" className="!mb-0">
          Keyboard shortcuts
        </h2>
        <form method="dialog">
          <button type="submit" className="btn">
            Close
          </button>
        </form>
      </div>
      <dl className="pairs">
        {KEYS.map(([keys, does]) => (
          <div key={keys} className="contents">
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </dialog>
  );
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName) || target.closest('dialog') !== null;
}

function focusSearch(): void {
  const field =
    document.querySelector<HTMLInputElement>('[data-search-field="big"] input') ?? document.querySelector<HTMLInputElement>('[data-search-field] input');
  field?.focus();
  field?.select();
}

/** Arrow keys inside a line go from one firing token to the next; true when they did. */
function walkTokens(event: KeyboardEvent): boolean {
  const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
  const here = document.activeElement;
  if (step === 0 || !(here instanceof HTMLElement) || !here.classList.contains('tok')) return false;
  const tokens = [...(here.closest('.line, .window')?.querySelectorAll<HTMLElement>('.tok') ?? [])];
  tokens[tokens.indexOf(here) + step]?.focus();
  return true;
}

function follow(shortcut: 'next' | 'prev' | 'random'): void {
  document.querySelector<HTMLAnchorElement>(`a[data-shortcut="${shortcut}"]`)?.click();
}
