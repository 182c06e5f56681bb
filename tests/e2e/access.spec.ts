import { expect } from '@playwright/test';
import { z } from 'zod';
import { addressesOf, operationsOf, PROCEDURES } from './expected-access.ts';
import { test } from './fixtures.ts';
import { ADMIN_STATE, PLAIN_USER_STATE } from './site.ts';

const ADMIN_PAGES = [...addressesOf('admin', 'page.tsx'), '/admin/runs/999999', '/admin/nothing'];

const documentSchema = z.object({ paths: z.record(z.string(), z.record(z.string(), z.object({ operationId: z.string() }))) });

test('the API offers what is listed with who may do it, and nothing else', async ({ request }) => {
  const { paths } = documentSchema.parse(await (await request.get('/api/v1/openapi.json')).json());
  const offered = Object.entries(paths).flatMap(([path, operations]) => Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`));
  expect(offered.sort()).toEqual(
    Object.values(PROCEDURES)
      .map(({ method, path }) => `${method} ${path}`)
      .sort(),
  );
});

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
      for (const { method, path, name } of operationsOf('admin')) {
        const options = { method, headers: { origin: baseURL ?? '' }, ...(method === 'POST' && { data: {} }) };
        const rest = await request.fetch(`/api/v1${path}`, options);
        expect(rest.status(), `${method} ${path}`).toBe(403);
        expect(await rest.json()).toMatchObject({ status: 403, code: 'forbidden' });
        const trpc = await request.fetch(`/api/trpc/${name}`, options);
        expect(trpc.status(), name).toBe(403);
      }
    });

    test('is refused none of the operations that are anyone’s', async ({ request }) => {
      for (const { path } of operationsOf('anyone')) expect([200, 400, 404], path).toContain((await request.get(`/api/v1${path}`)).status());
    });

    for (const path of addressesOf('admin', 'route.ts')) {
      test(`is refused ${path}`, async ({ request }) => {
        const response = await request.get(path);
        expect(response.status()).toBe(403);
        expect(response.headers()['content-type']).toContain('application/problem+json');
      });
    }

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
    for (const path of addressesOf('admin', 'page.tsx')) expect((await request.get(path)).status(), path).toBe(200);
    for (const { method, path } of operationsOf('admin')) if (method === 'GET') expect((await request.get(`/api/v1${path}`)).status(), path).toBe(200);
  });

  test('is told what is missing', async ({ request }) => {
    for (const path of ['/admin/runs/999999', '/admin/nothing']) expect((await request.get(path)).status(), path).toBe(404);
  });
});
