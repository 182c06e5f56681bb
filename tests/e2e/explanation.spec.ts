import { expect, type Page } from '@playwright/test';
import { latentApiPath } from '#lib/url/href.ts';
import { pathOf } from './catalogue.ts';
import { test } from './fixtures.ts';
import { ADMIN_STATE, FIRST_RUN, PLAIN_USER, PLAIN_USER_STATE } from './site.ts';

const aside = (page: Page) => page.getByRole('complementary', { name: 'Explanations and statistics' });
const card = (page: Page) => aside(page).locator('.card').first();

test('a visitor is led to sign in, and back', async ({ page, catalogue: { scored } }) => {
  const address = pathOf(scored[1]!.index);
  await page.goto(address);
  await expect(page.getByLabel('When does it fire, in one phrase?')).toHaveCount(0);
  await aside(page).getByRole('link', { name: 'Sign in' }).click();
  await page.getByLabel('E-mail').fill(PLAIN_USER.email);
  await page.getByLabel('Password').fill(PLAIN_USER.password);
  await page.getByRole('main').getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL(address);
  await expect(page.getByLabel('When does it fire, in one phrase?')).toBeVisible();
});

test.describe('somebody signed in', () => {
  test.use({ storageState: PLAIN_USER_STATE });

  test('says when a latent fires, sees it among the explanations, and takes it back', async ({ page, browser, catalogue: { scored } }) => {
    const { index, explanation } = scored[2]!;
    const said = `<b>ships</b> & "harbours" ${Date.now()}`;
    await page.goto(pathOf(index));
    await page.getByLabel('When does it fire, in one phrase?').fill(said);
    await page.getByRole('button', { name: 'Enter explanation' }).click();
    await expect(page.getByText('Entered. It stands among the explanations now.')).toBeVisible();
    // As text, under a name, marked as a person's; the heading stays the run's.
    const own = card(page).getByText(said, { exact: true });
    await expect(own).toBeVisible();
    await expect(card(page)).toContainText(PLAIN_USER.name);
    await expect(card(page)).toContainText('entered by a person');
    await expect(card(page)).toContainText(/Waits to be scored on the sealed reserve|Not scored yet|Embedding/);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(explanation);

    await page.getByLabel('When does it fire, in one phrase?').fill(said);
    await page.getByRole('button', { name: 'Enter explanation' }).click();
    await expect(page.getByRole('alert').filter({ hasText: 'entered this explanation of this latent before' })).toBeVisible();

    const entered = aside(page).getByRole('listitem').filter({ hasText: said });
    await entered.getByRole('button', { name: 'Withdraw' }).click();
    await expect(entered).toContainText(`Withdrawn by ${PLAIN_USER.name}`);
    await expect(entered.getByRole('button')).toHaveCount(0);
    await expect(own).toHaveCount(0);
    // A new page would be signed in as this test is.
    const visitor = await browser.newPage({ storageState: { cookies: [], origins: [] } });
    await visitor.goto(new URL(pathOf(index), page.url()).href);
    await expect(visitor.getByText(said)).toHaveCount(0);
    await visitor.close();
  });
});

test.describe('an admin', () => {
  test.use({ storageState: ADMIN_STATE });

  test('hides what somebody entered, and shows it again', async ({ page, browser, baseURL, catalogue: { scored } }) => {
    const { index } = scored[3]!;
    const said = `something rude ${Date.now()}`;
    const author = await browser.newContext({ storageState: PLAIN_USER_STATE, baseURL: baseURL! });
    const sent = await author.request.post(`${latentApiPath(FIRST_RUN.model, FIRST_RUN.coder, index)}/explanations`, {
      data: { text: said },
      headers: { origin: baseURL! },
    });
    expect(sent.status(), await sent.text()).toBe(200);

    await page.goto(pathOf(index));
    await expect(card(page).getByText(said)).toBeVisible();
    const entered = aside(page).getByRole('listitem').filter({ hasText: said });
    await entered.getByRole('textbox').fill('Be kind.');
    await entered.getByRole('button', { name: 'Hide' }).click();
    await expect(entered).toContainText('Be kind.');
    await expect(card(page).getByText(said)).toHaveCount(0);
    // Its author is told why.
    const told = await author.newPage();
    await told.goto(pathOf(index));
    await expect(aside(told).getByRole('listitem').filter({ hasText: said })).toContainText('Be kind.');
    await expect(card(told).getByText(said)).toHaveCount(0);
    await author.close();

    await entered.getByRole('button', { name: 'Show again' }).click();
    await expect(card(page).getByText(said)).toBeVisible();
  });
});
