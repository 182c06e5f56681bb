import { expect } from '@playwright/test';
import { z } from 'zod';
import { test } from './fixtures.ts';
import { ADMIN_STATE, PLAIN_USER_STATE } from './site.ts';

const ADMIN_PAGES = ['/admin', '/admin/runs', '/admin/runs/1', '/admin/runs/999999', '/admin/nothing'];

const operationSchema = z.object({ operationId: z.string(), security: z.array(z.record(z.string(), z.unknown())) });
const documentSchema = z.object({ paths: z.record(z.string(), z.record(z.enum(['get', 'post']), operationSchema.optional())) });

/** The operations that need an admin, as the API’s own document says: those without the empty security requirement. */
function guardedOperations(document: unknown): { method: 'GET' | 'POST'; path: string; procedure: string }[] {
  return Object.entries(documentSchema.parse(document).paths).flatMap(([path, operations]) =>
    (['get', 'post'] as const).flatMap((method) => {
      const operation = operations[method];
      if (operation === undefined || operation.security.some((requirement) => Object.keys(requirement).length === 0)) return [];
      return [{ method: method === 'get' ? 'GET' : 'POST', path: path.replace(/\{\w+\}/g, '1'), procedure: operation.operationId.replaceAll('-', '.') }];
    }),
  );
}

for (const { who, storageState } of [
  { who: 'a visitor', storageState: undefined },
  { who: 'somebody without the role', storageState: PLAIN_USER_STATE },
]) {
  test.describe(who, () => {
    test.use({ storageState: storageState ?? { cookies: [], origins: [] }, expectedErrors: /status of 403/ });

    for (const path of ADMIN_PAGES) {
      test(`is refused ${path}`, async ({ page }) => {
        const response = await page.goto(path);
        expect(response?.status()).toBe(403);
        await expect(page.getByRole('heading', { level: 1 })).toHaveText('This page is for admins');
      });
    }

    test('is refused every operation that needs an admin, over REST and tRPC', async ({ request, baseURL }) => {
      const operations = guardedOperations(await (await request.get('/api/v1/openapi.json')).json());
      expect(operations.length).toBeGreaterThanOrEqual(10);
      for (const { method, path, procedure } of operations) {
        const options = { method, headers: { origin: baseURL ?? '' }, ...(method === 'POST' && { data: {} }) };
        const rest = await request.fetch(`/api/v1${path}`, options);
        expect(rest.status(), `${method} ${path}`).toBe(403);
        expect(await rest.json()).toMatchObject({ status: 403, code: 'forbidden' });
        const trpc = await request.fetch(`/api/trpc/${procedure}`, options);
        expect(trpc.status(), procedure).toBe(403);
      }
    });

    test('is refused a run’s stream', async ({ request }) => {
      const response = await request.get('/api/runs/1/events');
      expect(response.status()).toBe(403);
      expect(response.headers()['content-type']).toContain('application/problem+json');
    });

    test('is refused the form that starts a run', async ({ request, baseURL }) => {
      const response = await request.post('/admin/runs', { form: { target: 'presidents-4m/layers.0-2k' }, headers: { origin: baseURL ?? '' } });
      expect(response.status()).toBe(403);
    });

    test('cannot make an account', async ({ request, baseURL }) => {
      const data = { email: 'new@example.org', password: 'long enough to be one', name: 'New' };
      const response = await request.post('/api/auth/sign-up/email', { data, headers: { origin: baseURL ?? '' } });
      expect([400, 403, 404]).toContain(response.status());
    });
  });
}

test.describe('an admin', () => {
  test.use({ storageState: ADMIN_STATE });

  test('passes those doors', async ({ request }) => {
    for (const path of ['/admin', '/admin/runs', '/admin/runs/1']) expect((await request.get(path)).status(), path).toBe(200);
    const operations = guardedOperations(await (await request.get('/api/v1/openapi.json')).json());
    for (const { method, path } of operations) if (method === 'GET') expect((await request.get(`/api/v1${path}`)).status(), path).toBe(200);
  });

  test('is told what is missing', async ({ request }) => {
    for (const path of ['/admin/runs/999999', '/admin/nothing']) expect((await request.get(path)).status(), path).toBe(404);
  });
});
