/** One value of a query string; lists become repeated names, empty ones are left out. */
export type QueryValue = string | number | boolean | readonly (string | number)[] | null | undefined;

/** `href('/search', {q: 'law', layer: [1, 2], page: undefined})` → `/search?q=law&layer=1&layer=2`. */
export function href(path: string, query: Record<string, QueryValue> = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null || value === '') continue;
    if (typeof value === 'object') for (const item of value) params.append(name, String(item));
    else params.append(name, String(value));
  }
  const text = params.toString();
  return text === '' ? path : `${path}?${text}`;
}

export function modelPath(model: string): string {
  return `/${encodeURIComponent(model)}`;
}

export function coderPath(model: string, coder: string): string {
  return `${modelPath(model)}/${encodeURIComponent(coder)}`;
}

export function latentPath(model: string, coder: string, index: number): string {
  return `${coderPath(model, coder)}/${index}`;
}

/** The JSON twin of a latent's page. */
export function latentApiPath(model: string, coder: string, index: number): string {
  return `/api/v1/latents${latentPath(model, coder, index)}`;
}
