import { test as base } from '@playwright/test';
import { type Catalogue, readCatalogue } from './catalogue.ts';
import { SITE_URL } from './site.ts';

interface TestFixtures {
  /** Console errors that the test provokes, such as Chrome's own for a document that answers 404. */
  expectedErrors: RegExp | null;
}

interface WorkerFixtures {
  catalogue: Catalogue;
}

/** A page that must not write an error to its console, nor leave one uncaught: either fails the test. */
export const test = base.extend<TestFixtures, WorkerFixtures>({
  expectedErrors: [null, { option: true }],
  page: async ({ page, expectedErrors }, use) => {
    const errors: string[] = [];
    const note = (text: string): void => {
      if (!expectedErrors?.test(text)) errors.push(text);
    };
    page.on('console', (message) => {
      if (message.type() === 'error') note(`${message.location().url}: ${message.text()}`);
    });
    page.on('pageerror', (error) => note(error.stack ?? error.message));
    await use(page);
    base.expect(errors, 'errors on the console').toEqual([]);
  },
  catalogue: [
    async ({ playwright }, use) => {
      const request = await playwright.request.newContext({ baseURL: SITE_URL });
      await use(await readCatalogue(request));
      await request.dispose();
    },
    { scope: 'worker' },
  ],
});
