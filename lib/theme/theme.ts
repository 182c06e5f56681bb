/** What a visitor can choose; `system` follows the device. */
export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

/** The theme a cookie's value names; `system` for none or anything else. */
export function readTheme(value: string | undefined): Theme {
  return THEMES.find((known) => known === value) ?? 'system';
}
