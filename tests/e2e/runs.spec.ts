import { expect, type Page } from '@playwright/test';
import { coderPath } from '#lib/url/href.ts';
import { test } from './fixtures.ts';
import { ADMIN_STATE, FIRST_RUN } from './site.ts';

test.use({ storageState: ADMIN_STATE });
// One worker takes the jobs of all runs: side by side they would only wait for one another.
test.describe.configure({ mode: 'serial' });

const RUN_SECONDS = 120;

interface Wanted {
  coder: string;
  tokens: string;
  first?: string;
}

async function fill(page: Page, { coder, tokens, first }: Wanted): Promise<void> {
  await page.getByLabel('Model and sparse coder').selectOption(`${FIRST_RUN.model}/${coder}`);
  await page.getByLabel('Text', { exact: true }).selectOption(FIRST_RUN.text);
  await page.getByLabel('Tokens to read').fill(tokens);
  if (first !== undefined) {
    await page.getByLabel('Latents', { exact: true }).selectOption('first');
    await page.getByLabel('How many, unless all').fill(first);
  }
}

const state = (page: Page) => page.getByRole('heading', { name: /^Stages/ });

test('an admin starts a run with the form and watches it finish', async ({ page }) => {
  test.setTimeout(RUN_SECONDS * 1000);
  const coder = 'layers.1-2k';
  await page.goto('/admin/runs');
  await fill(page, { coder, tokens: '60,000', first: '64' });
  await page.getByRole('button', { name: 'Start the run' }).click();
  await expect(page).toHaveURL(/\/admin\/runs\/\d+$/);
  const address = page.url();

  // From here on nothing is clicked or loaded again: what changes came by the stream.
  await expect(state(page)).toContainText('finished', { timeout: RUN_SECONDS * 1000 });
  for (const stage of ['collect', 'sample', 'explain', 'score', 'index']) await expect(page.getByRole('progressbar', { name: `${stage}: done` })).toBeVisible();
  await expect(page.getByRole('list', { name: 'Log of the run' }).getByRole('listitem').filter({ hasText: 'run_finished' })).toHaveCount(1);
  await expect(page.getByRole('heading', { name: 'Results' })).toBeVisible();
  await expect(page.getByText('Cancel the run…')).toHaveCount(0);
  expect(page.url()).toBe(address);

  // What it explained is in the catalogue and in the search.
  await page.getByRole('link', { name: 'its latents' }).click();
  await expect(page).toHaveURL(coderPath(FIRST_RUN.model, coder));
  await page.goto(`/search?coder=${coder}`);
  await expect(page.getByRole('main').locator('.hit').first()).toContainText(`@${coder}:`);
  await page.goto('/admin/runs');
  await expect(page.getByRole('region', { name: 'Runs' }).getByRole('row').nth(1)).toContainText('finished');
});

test('a run can be cancelled, and only one of a coder goes on at a time', async ({ page }) => {
  test.setTimeout(RUN_SECONDS * 1000);
  const wanted = { coder: 'layers.3-2k', tokens: '2000000' };
  await page.goto('/admin/runs');
  await fill(page, wanted);
  await page.getByRole('button', { name: 'Start the run' }).click();
  await expect(page).toHaveURL(/\/admin\/runs\/\d+$/);
  const address = page.url();

  await page.goto('/admin/runs');
  await fill(page, wanted);
  await page.getByRole('button', { name: 'Start the run' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'is not over yet' })).toBeVisible();
  await expect(page.getByLabel('Tokens to read')).toHaveValue(wanted.tokens);
  await page.goto('/');
  await expect(page.getByRole('region', { name: 'The run going on now' })).toContainText(wanted.coder);

  await page.goto(address);
  await page.getByText('Cancel the run…').click();
  await page.getByRole('button', { name: /^Yes, cancel run/ }).click();
  await expect(state(page)).toContainText('cancelled');
  await expect(page).toHaveURL(address);
  await expect(page.getByText('Cancel the run…')).toHaveCount(0);
});

test('what a field lacks stands below it, and nothing is started', async ({ page }) => {
  await page.goto('/admin/runs');
  const before = await page.getByRole('region', { name: 'Runs' }).getByRole('row').count();
  await fill(page, { coder: 'layers.0-2k', tokens: 'many', first: '0' });
  await page.getByRole('button', { name: 'Start the run' }).click();
  await expect(page.getByLabel('Tokens to read')).toHaveAccessibleDescription(/whole number/);
  await expect(page.getByLabel('Tokens to read')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('How many, unless all')).toHaveAccessibleDescription(/.+/);
  await expect(page.getByLabel('Tokens to read')).toHaveValue('many');
  await page.reload();
  await expect(page.getByRole('region', { name: 'Runs' }).getByRole('row')).toHaveCount(before);
});
