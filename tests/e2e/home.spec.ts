import { expect } from '@playwright/test';
import { FIRST_RUN } from './site.ts';
import { CODER_PATH, pathOf } from './catalogue.ts';
import { test } from './fixtures.ts';

test('says what the atlas holds, and shows its best explanations', async ({ page, catalogue }) => {
  await page.goto('/');
  await expect(page).toHaveTitle('Latent Atlas');
  const holdings = page.locator('section', { has: page.getByRole('heading', { name: 'In this atlas' }) });
  await expect(holdings).toContainText('1 model');
  await expect(holdings).toContainText('6 sparse coders');
  await expect(holdings).toContainText(/\d+ explanations/);
  const featured = page.locator('section', { has: page.getByRole('heading', { name: /^Some of the best explained/ }) }).getByRole('listitem');
  await expect(featured.getByRole('link', { name: catalogue.best.explanations[0]?.text ?? '', exact: true })).toHaveAttribute(
    'href',
    pathOf(catalogue.best.index),
  );
});

test('leads to the model, its coder and a latent', async ({ page, catalogue }) => {
  await page.goto('/');
  await page.getByRole('main').getByRole('link', { name: FIRST_RUN.model, exact: true }).click();
  await expect(page).toHaveURL(`/${FIRST_RUN.model}`);
  await page.getByRole('link', { name: catalogue.summary.name, exact: true }).click();
  await expect(page).toHaveURL(CODER_PATH);
  await page.getByRole('link', { name: 'Embedding score, lower bound' }).click();
  await page.getByRole('link', { name: String(catalogue.best.index), exact: true }).click();
  await expect(page).toHaveURL(pathOf(catalogue.best.index));
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(catalogue.best.explanations[0]?.text ?? '');
});

test('a random latent is an explained one', async ({ page }) => {
  await page.goto('/random');
  await expect(page).toHaveURL(/\/presidents-4m\/[\w.-]+\/\d+$/);
  await expect(page.getByRole('heading', { name: /^Explanations/ })).toBeVisible();
});
