/**
 * Who may do what, written down by hand and not derived from the code: a procedure or route that forgets its policy would
 * otherwise be tested by its own mistake. Whoever adds one decides here as well; a test fails until it is listed.
 */
export type Access = 'anyone' | 'user' | 'admin';

export interface ExpectedProcedure {
  access: Access;
  method: 'GET' | 'POST';
  /** Below /api/v1. */
  path: string;
}

const read = (path: string): ExpectedProcedure => ({ access: 'anyone', method: 'GET', path });
const userWrite = (path: string): ExpectedProcedure => ({ access: 'user', method: 'POST', path });
const userRead = (path: string): ExpectedProcedure => ({ access: 'user', method: 'GET', path });
const adminRead = (path: string): ExpectedProcedure => ({ access: 'admin', method: 'GET', path });
const adminWrite = (path: string): ExpectedProcedure => ({ access: 'admin', method: 'POST', path });

/** Every procedure of the API by its dotted name. */
export const PROCEDURES: Record<string, ExpectedProcedure> = {
  'catalogue.overview': read('/overview'),
  'models.list': read('/models'),
  'models.get': read('/models/{model}'),
  'coders.list': read('/models/{model}/coders'),
  'coders.get': read('/coders/{model}/{coder}'),
  'coders.scoreDistribution': read('/coders/{model}/{coder}/score-distribution'),
  'coders.precision': read('/coders/{model}/{coder}/precision'),
  'latents.list': read('/coders/{model}/{coder}/latents'),
  'latents.get': read('/latents/{model}/{coder}/{index}'),
  'latents.exam': read('/latents/{model}/{coder}/{index}/scores/{score}'),
  'latents.explain': userWrite('/latents/{model}/{coder}/{index}/explanations'),
  'latents.entered': userRead('/latents/{model}/{coder}/{index}/entered-explanations'),
  'latents.withdraw': userWrite('/latents/{model}/{coder}/{index}/explanations/{explanation}/withdraw'),
  'latents.moderate': adminWrite('/latents/{model}/{coder}/{index}/explanations/{explanation}/moderate'),
  'latents.random': read('/random-latent'),
  'search.query': read('/search'),
  'runs.list': read('/runs'),
  'runs.get': read('/runs/{run}'),
  'runs.current': read('/current-run'),
  'admin.runs.list': adminRead('/admin/runs'),
  'admin.runs.get': adminRead('/admin/runs/{run}'),
  'admin.runs.events': adminRead('/admin/runs/{run}/log'),
  'admin.runs.options': adminRead('/admin/run-options'),
  'admin.runs.estimate': adminWrite('/admin/run-estimates'),
  'admin.runs.start': adminWrite('/admin/runs'),
  'admin.runs.cancel': adminWrite('/admin/runs/{run}/cancel'),
  'admin.users.list': adminRead('/admin/users'),
  'admin.users.create': adminWrite('/admin/users'),
  'admin.keys.list': adminRead('/admin/api-keys'),
  'admin.keys.create': adminWrite('/admin/api-keys'),
  'admin.keys.revoke': adminWrite('/admin/api-keys/{id}/revoke'),
};

/** Every file of `app/` that answers a request. `operations`: decided by the procedure asked for, or by better-auth. */
export const ROUTES: Record<string, Access | 'operations'> = {
  '%5Fstatus/forbidden/page.tsx': 'anyone',
  '%5Fstatus/missing/page.tsx': 'anyone',
  '%5Fstatus/unavailable/page.tsx': 'anyone',
  '[model]/[coder]/[index]/actions.ts': 'user',
  '[model]/[coder]/[index]/page.tsx': 'anyone',
  '[model]/[coder]/page.tsx': 'anyone',
  '[model]/[coder]/random/route.ts': 'anyone',
  '[model]/page.tsx': 'anyone',
  'about/page.tsx': 'anyone',
  'admin/page.tsx': 'admin',
  'admin/runs/[run]/actions.ts': 'admin',
  'admin/runs/[run]/page.tsx': 'admin',
  'admin/runs/actions.ts': 'admin',
  'admin/runs/page.tsx': 'admin',
  'api/auth/[...all]/route.ts': 'operations',
  'api/runs/[run]/events/route.ts': 'admin',
  'api/runs/current/events/route.ts': 'anyone',
  'api/trpc/[trpc]/route.ts': 'operations',
  'api/v1/[...path]/route.ts': 'operations',
  'api/v1/openapi.json/route.ts': 'anyone',
  'docs/api/page.tsx': 'anyone',
  'healthz/route.ts': 'anyone',
  'page.tsx': 'anyone',
  'random/route.ts': 'anyone',
  'search/page.tsx': 'anyone',
  'sign-in/actions.ts': 'anyone',
  'sign-in/page.tsx': 'anyone',
};

/** The operations of one kind of access, with every parameter given as 1. */
export function operationsOf(access: Access): (ExpectedProcedure & { name: string })[] {
  return Object.entries(PROCEDURES).flatMap(([name, one]) => (one.access === access ? [{ ...one, name, path: one.path.replace(/\{\w+\}/g, '1') }] : []));
}

/** The addresses of pages and streams of one kind of access, with every parameter given as 1. */
export function addressesOf(access: Access, kind: 'page.tsx' | 'route.ts'): string[] {
  return Object.entries(ROUTES)
    .filter(([file, who]) => who === access && file.endsWith(kind) && !file.startsWith('%5F'))
    .map(([file]) => `/${file.slice(0, -kind.length).replace(/\/$/, '')}`.replace(/\[\w+\]/g, '1'));
}
