import { type Catalogue, CODER_PATH, pathOf, UNSEEN_INDEX } from './catalogue.ts';
import { ADMIN_STATE, FIRST_RUN } from './site.ts';

export interface SitePage {
  name: string;
  path: (catalogue: Catalogue) => string;
  status?: number;
  /** Whose cookies it is looked at with. */
  as?: string;
}

/** Every kind of page there is, and the states of each that look different. */
export const PAGES: readonly SitePage[] = [
  { name: 'home', path: () => '/' },
  { name: 'search', path: () => '/search?q=war' },
  { name: 'search, everything', path: () => '/search?sort=score' },
  { name: 'search, nothing found', path: () => '/search?q=%22zxqv%22&minScore=0.95' },
  { name: 'model', path: () => `/${FIRST_RUN.model}` },
  { name: 'coder', path: () => CODER_PATH },
  { name: 'coder, filtered to nothing', path: () => `${CODER_PATH}?minScore=1&sort=score&order=desc` },
  { name: 'coder without a run', path: () => `/${FIRST_RUN.model}/layers.0-2k` },
  { name: 'latent', path: ({ best }) => pathOf(best.index) },
  { name: 'latent, windows', path: ({ best }) => `${pathOf(best.index)}?view=windows` },
  { name: 'latent, where it is silent', path: ({ best }) => `${pathOf(best.index)}?view=negatives` },
  { name: 'latent, right and wrong', path: ({ best }) => `${pathOf(best.index)}?view=verdicts` },
  { name: 'latent, embedded', path: ({ best }) => `${pathOf(best.index)}?embed=true` },
  { name: 'latent that could not be explained', path: ({ unexplained }) => pathOf(unexplained.index) },
  { name: 'about', path: () => '/about' },
  { name: 'API', path: () => '/docs/api' },
  { name: 'sign-in', path: () => '/sign-in' },
  { name: 'not found', path: () => '/nothing/of/the/kind', status: 404 },
  { name: 'latent not looked at', path: () => pathOf(UNSEEN_INDEX), status: 404 },
  { name: 'not allowed', path: () => '/admin/runs', status: 403 },
  { name: 'runs', path: () => '/admin/runs', as: ADMIN_STATE },
  { name: 'one run', path: () => '/admin/runs/1', as: ADMIN_STATE },
];
