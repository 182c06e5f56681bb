'use client';

import { useState } from 'react';
import { type Theme, THEMES } from '#lib/theme/theme.ts';

const LABELS: Record<Theme, string> = { system: 'Theme: as the system', light: 'Theme: light', dark: 'Theme: dark' };
const YEAR_SECONDS = 31_536_000;

/**
 * System, light, dark, in turn. The choice is a cookie and not local storage, so that the server writes it into <html>
 * and no page flashes in the wrong theme.
 */
export function ThemeToggle({ initial }: { initial: Theme }) {
  const [theme, setTheme] = useState(initial);
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] as Theme;
  const choose = (): void => {
    setTheme(next);
    if (next === 'system') document.documentElement.removeAttribute('data-theme');
    else document.documentElement.dataset['theme'] = next;
    document.cookie = `theme=${next}; path=/; max-age=${next === 'system' ? 0 : YEAR_SECONDS}; samesite=lax`;
  };
  return (
    <button type="button" className="btn needs-script w-[30px] px-0" onClick={choose} aria-label={`${LABELS[theme]}. Change to ${next}.`} title={LABELS[theme]}>
      <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" fill="none" stroke="currentColor" strokeWidth="1.5">
        {theme === 'light' && (
          <>
            <circle cx="8" cy="8" r="3" />
            <path d="M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1" />
          </>
        )}
        {theme === 'dark' && <path d="M13.2 9.7A5.6 5.6 0 0 1 6.3 2.8a5.6 5.6 0 1 0 6.9 6.9Z" />}
        {theme === 'system' && (
          <>
            <circle cx="8" cy="8" r="5.6" />
            <path d="M8 2.4a5.6 5.6 0 0 1 0 11.2Z" fill="currentColor" stroke="none" />
          </>
        )}
      </svg>
    </button>
  );
}
