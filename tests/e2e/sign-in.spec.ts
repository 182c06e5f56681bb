import { expect, type Page } from '@playwright/test';
import { test } from './fixtures.ts';
import { ADMIN, PLAIN_USER } from './site.ts';

async function signIn(page: Page, { email, password }: { email: string; password: string }): Promise<void> {
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('main').getByRole('button', { name: 'Sign in' }).click();
}

test('an admin signs in, arrives where they wanted to be, and signs out', async ({ page }) => {
  await page.goto('/sign-in?next=/admin/runs/1');
  await signIn(page, ADMIN);
  await expect(page).toHaveURL('/admin/runs/1');
  await expect(page.getByRole('navigation', { name: 'Site' }).getByRole('link', { name: 'Runs' })).toBeVisible();
  const cookies = await page.context().cookies();
  const session = cookies.filter(({ name }) => name.startsWith('atlas'));
  expect(session.length).toBeGreaterThan(0);
  expect(session.every(({ httpOnly, sameSite }) => httpOnly && sameSite === 'Lax')).toBe(true);

  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page).toHaveURL('/');
  await expect(page.getByRole('navigation', { name: 'Site' }).getByRole('link', { name: 'Sign in' })).toBeVisible();
  expect((await page.request.get('/admin/runs')).status()).toBe(403);
});

test('a wrong password is refused in words, and the address is kept', async ({ page }) => {
  await page.goto('/sign-in');
  await signIn(page, { email: ADMIN.email, password: 'not the password' });
  await expect(page.getByRole('alert').filter({ hasText: 'do not belong to an account here' })).toBeVisible();
  await expect(page.getByLabel('E-mail')).toHaveValue(ADMIN.email);
  await expect(page).toHaveURL('/sign-in');
});

test('an address elsewhere is not followed after signing in', async ({ page }) => {
  await page.goto('/sign-in?next=//elsewhere.example/');
  await signIn(page, ADMIN);
  await expect(page).toHaveURL('/admin/runs');
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('somebody without the role signs in, and sees no admin’s link', async ({ page }) => {
    await page.goto('/sign-in?next=/');
    await signIn(page, PLAIN_USER);
    await expect(page).toHaveURL('/');
    await expect(page.getByRole('banner').getByRole('button', { name: 'Sign out' })).toBeVisible();
    await expect(page.getByRole('banner').getByRole('link', { name: 'Runs' })).toHaveCount(0);
  });
});
