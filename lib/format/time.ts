/** Seconds as people say them: `0.4 s`, `12 s`, `4 min 12 s`, `2 h 05 min`. Negative or not finite: `–`. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return '–';
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** ISO 8601 → `3 Nov 2026, 14:05 UTC`; the server does not know the reader's zone, so it names its own. */
export function formatInstant(iso: string): string {
  const date = new Date(iso);
  return `${date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' })}, ${date.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: 'UTC' })} UTC`;
}

/** ISO 8601 → `3 Nov 2026`. */
export function formatDay(iso: string): string {
  return new Date(iso).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });
}

/** ISO 8601 → `14:05:09`, for logs. */
export function formatClock(iso: string): string {
  return new Date(iso).toLocaleTimeString('en-GB', { timeZone: 'UTC' });
}
