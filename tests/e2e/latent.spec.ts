import { expect, type Page } from '@playwright/test';
import { latentId } from '#lib/latent/id.ts';
import { pathOf } from './catalogue.ts';
import { test } from './fixtures.ts';

/** Shortcuts work once the page’s script has loaded: asked for until it shows, the list of them says that it has. */
async function untilInteractive(page: Page): Promise<void> {
  const list = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await expect(async () => {
    await page.keyboard.press('?');
    await expect(list).toBeVisible({ timeout: 500 });
  }).toPass();
  await list.getByRole('button', { name: 'Close' }).click();
  await expect(list).toBeHidden();
}

test('shows the explanation, who made it, and its score as the API has it', async ({ page, catalogue: { best } }) => {
  await page.goto(pathOf(best.index));
  const [explanation] = best.explanations;
  const score = explanation?.scores.find(({ scorer }) => scorer === 'embedding');
  if (explanation === undefined || typeof score?.value !== 'number' || score.lower === null || score.upper === null || score.control === null)
    throw new Error('the best latent has no whole embedding score');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(explanation.text);
  const card = page.getByRole('complementary', { name: 'Explanations and statistics' });
  await expect(card).toContainText(`${explanation.explainer} · `);
  await expect(card).toContainText('A baseline sees words and their neighbours, not meaning');
  const two = (value: number): string => value.toFixed(2);
  const whisker = card.getByRole('group').filter({ hasText: /^Embedding/ }).first(); // prettier-ignore
  await expect(whisker).toContainText(`${two(score.value)} ±${two((score.upper - score.lower) / 2)} · ${score.nPositives + score.nNegatives}`);
  await expect(
    card.getByRole('img', {
      name: `Embedding ${two(score.value)}, 95 percent interval ${two(score.lower)} to ${two(score.upper)}, control ${two(score.control.value)}, chance 0.50`,
    }),
  ).toBeVisible();
  await expect(card).toContainText('Its rule, run on unseen text');
  await expect(page.getByText(latentId(best), { exact: true })).toBeVisible();
  await expect(page.getByRole('img', { name: /^Histogram of activations/ })).toBeVisible();
});

test('shows what it fires on, what it writes and who is near, as the API has it', async ({ page, catalogue: { best, rows } }) => {
  const { profile } = best;
  if (profile?.tokens == null || profile.logitEffects === null) throw new Error('the best latent has no whole profile');
  await page.goto(pathOf(best.index));
  const aside = page.getByRole('complementary', { name: 'Explanations and statistics' });
  const section = (name: RegExp) => aside.locator('section').filter({ has: page.getByRole('heading', { name }) }); // prettier-ignore
  await expect(section(/^Tokens it fires on/).locator('li')).toHaveCount(
    Math.min(8, profile.tokens.byTotal.length) + Math.min(8, profile.tokens.byMean.length),
  );
  const writes = section(/^What it writes/).locator('li .num');
  await expect(writes).toHaveCount(16);
  await expect(writes.first()).toHaveText(`+${profile.logitEffects.promoted[0]!.effect.toFixed(2)}`);
  const near = section(/^Neighbours/);
  const shown = near.locator('.near-row:visible');
  const first = { decoder: profile.neighbours.decoder!.nearest[0]!, tokens: profile.neighbours.coOccurrence.nearest[0]! };
  await expect(shown.first()).toContainText(first.tokens.similarity.toFixed(2));
  await near.getByText('write alike').click();
  await expect(shown.first()).toContainText(String(first.decoder.index));
  await expect(shown.first()).toContainText(first.decoder.similarity.toFixed(2));
  // Of the latents that no run looked at there is no page.
  const looked = rows.some(({ index }) => index === first.decoder.index);
  expect(first.decoder.hasPage).toBe(looked);
  await expect(shown.first().getByRole('link')).toHaveCount(looked ? 1 : 0);
});

test('tokens carry their values, by keyboard too', async ({ page, catalogue: { best } }) => {
  await page.goto(pathOf(best.index));
  const line = page.locator('.line').filter({ has: page.locator('.tok:nth-child(2), .tok ~ .tok') }).first(); // prettier-ignore
  const strongest = line.locator('.tok-max');
  await strongest.focus();
  await expect(strongest).toBeFocused();
  const value = await strongest.getAttribute('data-value');
  expect(Number(value)).toBeGreaterThan(0);
  await expect(strongest).toHaveAttribute('aria-description', `activation ${value}`);
  expect(await strongest.evaluate((token) => getComputedStyle(token, '::after').content)).toBe(`"${value}"`);
  expect(Number(value)).toBeLessThanOrEqual(best.maxActivation * 1.01);

  await untilInteractive(page);
  await strongest.focus();
  const all = await line.locator('.tok').count();
  const at = await strongest.evaluate((token) => [...(token.closest('.line')?.querySelectorAll('.tok') ?? [])].indexOf(token));
  await page.keyboard.press(at + 1 < all ? 'ArrowRight' : 'ArrowLeft');
  await expect(line.locator('.tok').nth(at + 1 < all ? at + 1 : at - 1)).toBeFocused();
});

test('the neighbours are a key away', async ({ page, catalogue: { rows } }) => {
  await page.goto(pathOf(3));
  await untilInteractive(page);
  await page.keyboard.press('j');
  await expect(page).toHaveURL(pathOf(4));
  await page.keyboard.press('ArrowLeft');
  await expect(page).toHaveURL(pathOf(3));
  await page.getByRole('link', { name: 'Previous latent, 2' }).click();
  await expect(page).toHaveURL(pathOf(2));
  await page.keyboard.press('r');
  await expect(page).toHaveURL(/\/\d+$/);
  await page.goto(pathOf(0));
  await expect(page.getByText('← first')).toHaveAttribute('aria-disabled', 'true');
  await page.goto(pathOf(rows.at(-1)?.index ?? 0));
  await expect(page.getByText('last →')).toHaveAttribute('aria-disabled', 'true');
});

test('each view has an address: windows, silent ones, verdicts', async ({ page, catalogue: { best } }) => {
  await page.goto(pathOf(best.index));
  const views = page.getByRole('navigation', { name: 'View of the examples' });
  const windows = page.locator('.window');
  await views.getByRole('link', { name: 'Windows' }).click();
  await expect(page).toHaveURL(/view=windows/);
  await expect(windows.first()).toContainText(/evidence|exam/);
  await views.getByRole('link', { name: /^Where it is silent/ }).click();
  await expect(page).toHaveURL(/view=negatives/);
  await expect(windows).toHaveCount(best.examples.filter(({ kind, split }) => kind !== 'activating' && split !== 'train').length);
  await expect(page.locator('.window .tok')).toHaveCount(0);
  await views.getByRole('link', { name: 'Right and wrong' }).click();
  await expect(page).toHaveURL(/view=verdicts/);
  // The exam with verdicts comes first: the rule's. The embedding only ranks.
  await expect(page.getByText('This examines the rule behind the sentence')).toBeVisible();
  await expect(page.getByRole('heading', { name: /^right: it fires, the rule says yes/ })).toBeVisible();
  await page.getByRole('navigation', { name: 'Exam' }).getByRole('link', { name: 'Embedding', exact: true }).click();
  await expect(page).toHaveURL(/score=\d+/);
  await expect(page.getByRole('heading', { name: /^it fires; ranked from the lowest/ })).toBeVisible();
});

test('a latent that could not be explained says why, with its numbers', async ({ page, catalogue: { unexplained } }) => {
  await page.goto(pathOf(unexplained.index));
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^This latent (never fired|fired in too few)/);
  if (unexplained.firingCount > 0) await expect(page.locator('.note').first()).toContainText(`It fired on ${unexplained.firingCount} token`);
});

test('an index with zeros in front leads to the one address', async ({ page }) => {
  await page.goto(pathOf(3).replace(/3$/, '003'));
  await expect(page).toHaveURL(pathOf(3));
});

test('as an embed it may be framed, and otherwise not', async ({ request, catalogue: { best } }) => {
  const policy = async (path: string) => (await request.get(path)).headers()['content-security-policy'];
  expect(await policy(`${pathOf(best.index)}?embed=true`)).toContain('frame-ancestors *');
  expect(await policy(pathOf(best.index))).toContain("frame-ancestors 'none'");
  expect(await policy('/?embed=true')).toContain("frame-ancestors 'none'");
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('the page reads whole', async ({ page, catalogue: { best } }) => {
    await page.goto(pathOf(best.index));
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(best.explanations[0]?.text ?? '');
    await expect(page.locator('.line').first()).toBeVisible();
    await page.getByText(/more lines?$/).first().click(); // prettier-ignore
    await page.getByRole('link', { name: 'Windows' }).click();
    await expect(page.locator('.window').first()).toBeVisible();
  });
});
