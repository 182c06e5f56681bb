import { expect, type Page } from '@playwright/test';
import { CODER_PATH } from './catalogue.ts';
import { test } from './fixtures.ts';

const table = (page: Page) => page.getByRole('region', { name: 'Latents of this coder' });

/** Indices of the latents shown, from top to bottom. */
async function shown(page: Page): Promise<number[]> {
  return (await table(page).locator('tbody tr td:first-child').allTextContents()).map(Number);
}

test('counts every latent, explained or not', async ({ page, catalogue: { summary, rows } }) => {
  await page.goto(CODER_PATH);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(summary.name);
  const count = (status: string) =>
    page
      .getByRole('row', { name: new RegExp(`^${status} `) })
      .getByRole('cell')
      .first();
  await expect(count('explained')).toHaveText(String(rows.filter(({ explanation }) => explanation !== null).length));
  await expect(count('ready')).toHaveText(String(rows.filter(({ status }) => status === 'ready').length));
  await expect(count('not looked at')).toHaveText((summary.width - rows.length).toLocaleString('en-GB'));
  const { ready, dead, tooFewWindows, tooFewDocuments } = summary.counts;
  expect(ready + dead + tooFewWindows + tooFewDocuments).toBe(rows.length);
});

test('says what the run found of the coder as a whole', async ({ page, catalogue: { summary } }) => {
  await page.goto(CODER_PATH);
  const figures = page.getByRole('region', { name: /^The coder on this text/ });
  const { alive, l0, reconstruction } = summary.profile!;
  await expect(figures).toContainText(alive.toLocaleString('en-GB'));
  await expect(figures).toContainText(`L0${l0.toFixed(1)}`);
  await expect(figures).toContainText(`+${reconstruction!.loss.increase.toFixed(2)} nats`);
});

test('sorts by each column, either way', async ({ page, catalogue: { rows, scored } }) => {
  await page.goto(CODER_PATH);
  expect(await shown(page)).toEqual(rows.slice(0, 50).map(({ index }) => index));

  await table(page).getByRole('link', { name: 'Embedding score, lower bound' }).click();
  await expect(page).toHaveURL(/sort=score&order=desc/);
  await expect(table(page).getByRole('columnheader', { name: /^Embedding score/ })).toHaveAttribute('aria-sort', 'descending');
  expect((await shown(page)).slice(0, scored.length).slice(0, 10)).toEqual(scored.slice(0, 10).map(({ index }) => index));

  await table(page).getByRole('link', { name: 'Fires on' }).click();
  await expect(page).toHaveURL(/sort=frequency&order=desc/);
  const byFrequency = async () => (await shown(page)).map((index) => rows.find((row) => row.index === index)?.frequency ?? Number.NaN);
  const descending = await byFrequency();
  expect(descending).toEqual(descending.toSorted((a, b) => b - a));
  await table(page).getByRole('link', { name: 'Fires on' }).click();
  await expect(page).toHaveURL(/sort=frequency(?!&order=desc)/);
  await expect(table(page).getByRole('columnheader', { name: /^Fires on/ })).toHaveAttribute('aria-sort', 'ascending');
  const ascending = await byFrequency();
  expect(ascending).toEqual(ascending.toSorted((a, b) => a - b));
});

test('filters by status and score, in the address', async ({ page, catalogue: { rows, scored, unexplained } }) => {
  await page.goto(CODER_PATH);
  const filters = page.getByRole('form', { name: 'Filter latents' });
  await filters.getByRole('combobox', { name: 'Status' }).selectOption(unexplained.status);
  await expect(page).toHaveURL(new RegExp(`status=${unexplained.status}`));
  await expect.poll(() => shown(page)).toEqual(rows.filter(({ status }) => status === unexplained.status).map(({ index }) => index).slice(0, 50)); // prettier-ignore
  await page.getByRole('link', { name: 'Clear' }).click();
  await expect(page).toHaveURL(CODER_PATH);

  await filters.getByRole('combobox', { name: 'Score surely at least' }).selectOption('0.5');
  await expect(page).toHaveURL(/minScore=0\.5/);
  const surely = scored.filter(({ score }) => score.lower >= 0.5).map(({ index }) => index);
  await expect.poll(() => shown(page)).toEqual(surely.toSorted((a, b) => a - b).slice(0, 50));
});

test('a page that leads on shows every latent once', async ({ page, catalogue: { rows } }) => {
  await page.goto(`${CODER_PATH}?limit=40`);
  const seen = await shown(page);
  const next = page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Next' });
  while (seen.length < rows.length) {
    await next.click();
    const last = seen.at(-1);
    await expect.poll(async () => (await shown(page))[0]).not.toBe(seen.at(-40));
    const more = await shown(page);
    expect(more[0]).toBeGreaterThan(last ?? -1);
    seen.push(...more);
  }
  await expect(next).toHaveCount(0);
  expect(seen).toEqual(rows.map(({ index }) => index));
  await page.getByRole('link', { name: '← First page' }).click();
  await expect.poll(() => shown(page)).toEqual(seen.slice(0, 40));
});
