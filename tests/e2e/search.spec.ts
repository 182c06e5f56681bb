import { expect, type Page } from '@playwright/test';
import { latentId } from '#lib/latent/id.ts';
import { FIRST_RUN } from './site.ts';
import { pathOf } from './catalogue.ts';
import { test } from './fixtures.ts';

const hits = (page: Page) => page.getByRole('main').locator('.hit');
const total = (page: Page) => page.getByRole('main').getByRole('status').first();
/** Waits until the address carries exactly these values of a field; forms leave empty fields in it. */
async function expectInAddress(page: Page, field: string, ...values: string[]): Promise<void> {
  await expect(page).toHaveURL((url) => url.pathname === '/search' && url.searchParams.getAll(field).join() === values.join());
}
/** The words of a sentence that are worth searching for. */
const words = (text: string): string => (text.match(/[a-z]{4,}/gi) ?? []).slice(0, 4).join(' ');

test('finds a latent by its explanation, by words and by meaning', async ({ page, catalogue }) => {
  const [best] = catalogue.scored;
  await page.goto('/');
  await page
    .getByRole('search', { name: 'Search the atlas' })
    .getByRole('searchbox')
    .fill(words(best?.explanation ?? ''));
  await page.getByRole('search', { name: 'Search the atlas' }).getByRole('button', { name: 'Search' }).click();
  await expect(page).toHaveURL(/\/search\?q=/);
  await expect(
    hits(page)
      .getByRole('link', { name: best?.explanation ?? '', exact: true })
      .first(),
  ).toBeVisible();
  // The worker embeds the query: without it the page would say that words alone were looked for.
  await expect(page.getByText('meaning', { exact: true })).toBeVisible();
  await expect(page.getByText('Found by words alone')).toHaveCount(0);
});

test('a query, its filters and its order stand in the address', async ({ page, catalogue }) => {
  await page.goto('/search');
  await expect(total(page)).toContainText(/latents?$/);
  const filters = page.getByRole('complementary', { name: 'Filters' });
  await filters.getByRole('checkbox', { name: new RegExp(`^${FIRST_RUN.coder}`) }).check();
  await expectInAddress(page, 'coder', FIRST_RUN.coder);
  await expect(total(page)).toHaveText(`${catalogue.summary.counts.explained} latents`);
  await filters.getByRole('combobox', { name: 'Score surely at least' }).selectOption('0.5');
  await expectInAddress(page, 'minScore', '0.5');
  await expectInAddress(page, 'coder', FIRST_RUN.coder);
  const surely = catalogue.scored.filter(({ score }) => score.lower >= 0.5);
  await expect(total(page)).toHaveText(`${surely.length} ${surely.length === 1 ? 'latent' : 'latents'}`);

  await page.getByRole('navigation', { name: 'Sort' }).getByRole('link', { name: 'Frequency' }).click();
  await expectInAddress(page, 'sort', 'frequency');
  const commonest = surely.toSorted((a, b) => b.frequency - a.frequency)[0];
  await expect(hits(page).first()).toContainText(`:${commonest?.index}`);

  // The address alone brings all of it back.
  await page.goto(page.url());
  await expect(filters.getByRole('checkbox', { name: new RegExp(`^${FIRST_RUN.coder}`) })).toBeChecked();
  await expect(filters.getByRole('combobox', { name: 'Score surely at least' })).toHaveValue('0.5');
  await expect(hits(page).first()).toContainText(`:${commonest?.index}`);
});

test('results come in pages', async ({ page }) => {
  await page.goto('/search?limit=5');
  await expect(hits(page)).toHaveCount(5);
  const first = await hits(page).getByRole('heading').allTextContents();
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Next' }).click();
  await expectInAddress(page, 'page', '2');
  await expect(page.getByRole('navigation', { name: 'Pages' })).toContainText('2 of');
  expect(await hits(page).getByRole('heading').allTextContents()).not.toEqual(first);
});

test('a pasted id leads to its latent', async ({ page, catalogue }) => {
  await page.goto('/');
  await page.getByRole('searchbox').first().fill(latentId(catalogue.best));
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(pathOf(catalogue.best.index));
});

test('nothing found says what to try', async ({ page }) => {
  await page.goto('/search?q=%22zxqv+wvut%22');
  await expect(page.getByText('No explanation matches this.')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Browse everything' })).toBeVisible();
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('the search, its filters and its pages are plain forms and links', async ({ page, catalogue }) => {
    await page.goto('/');
    await page.getByRole('search', { name: 'Search the atlas' }).getByRole('searchbox').fill('the');
    await page.getByRole('search', { name: 'Search the atlas' }).getByRole('button', { name: 'Search' }).click();
    await expect(page).toHaveURL(/\/search\?q=the/);
    await page.goto('/search');
    const filters = page.getByRole('complementary', { name: 'Filters' });
    await filters.getByRole('checkbox', { name: new RegExp(`^${FIRST_RUN.coder}`) }).check();
    await filters.getByRole('button', { name: 'Apply' }).click();
    await expectInAddress(page, 'coder', FIRST_RUN.coder);
    await expect(total(page)).toHaveText(`${catalogue.summary.counts.explained} latents`);
    await hits(page).first().getByRole('link').first().click();
    await expect(page.getByRole('heading', { name: /^Explanations/ })).toBeVisible();
  });
});
