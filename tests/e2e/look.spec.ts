import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import { test } from './fixtures.ts';
import { PAGES } from './pages.ts';

const NARROW = { width: 390, height: 844 };

/** Lightness of the page’s ground, 0 to 255. */
function lightness(page: Page): Promise<number> {
  return page.evaluate(() => {
    const canvas = document.createElement('canvas').getContext('2d');
    if (canvas === null) throw new Error('no canvas');
    canvas.fillStyle = getComputedStyle(document.body).backgroundColor;
    canvas.fillRect(0, 0, 1, 1);
    const [red = 0, green = 0, blue = 0] = canvas.getImageData(0, 0, 1, 1).data;
    return (red + green + blue) / 3;
  });
}

for (const { name, path, status = 200, as } of PAGES) {
  test.describe(name, () => {
    test.use({ expectedErrors: status === 200 ? null : new RegExp(`status of ${status}`), ...(as !== undefined && { storageState: as }) });

    for (const colorScheme of ['light', 'dark'] as const) {
      test(`can be read by everybody, ${colorScheme}`, async ({ page, catalogue }) => {
        await page.emulateMedia({ colorScheme });
        expect((await page.goto(path(catalogue)))?.status()).toBe(status);
        expect((await lightness(page)) > 128).toBe(colorScheme === 'light');
        const { violations } = await new AxeBuilder({ page }).analyze();
        expect(violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)).toEqual([]);
      });
    }

    test('fits a telephone', async ({ page, catalogue }) => {
      await page.setViewportSize(NARROW);
      await page.goto(path(catalogue));
      await expect(page.getByRole('heading', { level: 1 })).toBeAttached();
      const { scrollWidth, clientWidth } = await page.evaluate(() => ({
        scrollWidth: document.documentElement.scrollWidth,
        clientWidth: document.documentElement.clientWidth,
      }));
      expect(scrollWidth).toBeLessThanOrEqual(clientWidth);
    });
  });
}

test('the theme is the system’s until one is chosen, which stays', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'light' });
  await page.goto('/');
  const toggle = page.getByRole('button', { name: /^Theme: / });
  await expect(toggle).toHaveAccessibleName(/^Theme: as the system/);
  await expect(async () => {
    if (!/dark\. Change/.test((await toggle.getAttribute('aria-label')) ?? '')) await toggle.click();
    await expect(toggle).toHaveAccessibleName(/^Theme: dark/, { timeout: 500 });
  }).toPass();
  expect(await lightness(page)).toBeLessThan(128);
  await page.goto('/about');
  expect(await lightness(page)).toBeLessThan(128);
  await expect(toggle).toHaveAccessibleName(/^Theme: dark/);
  await toggle.click();
  await expect(toggle).toHaveAccessibleName(/^Theme: as the system/);
  expect(await lightness(page)).toBeGreaterThan(128);
});

test('a telephone’s menu leads where the wide page’s links do', async ({ page }) => {
  await page.setViewportSize(NARROW);
  await page.goto('/');
  await page.getByText('Menu', { exact: true }).click();
  await page.getByRole('banner').getByRole('link', { name: 'About' }).click();
  await expect(page).toHaveURL('/about');
});
