import { defineConfig } from '@playwright/test';
import { freePort } from '#platform/network/free-port.ts';

// Read once in the main process and again in each of its workers, which inherit the port chosen first.
process.env['E2E_PORT'] ??= String(await freePort());
const baseURL = `http://localhost:${process.env['E2E_PORT']}`;
const { CHROME_PATH } = process.env;

export default defineConfig({
  testDir: '.',
  outputDir: '../../test-results',
  fullyParallel: true,
  workers: 2,
  retries: 0,
  forbidOnly: true,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  use: {
    baseURL,
    browserName: 'chromium',
    launchOptions: CHROME_PATH ? { executablePath: CHROME_PATH } : {},
    trace: 'retain-on-failure',
  },
  projects: [
    { name: 'sign-in', testMatch: '*.setup.ts' },
    { name: 'site', testMatch: '*.spec.ts', dependencies: ['sign-in'] },
  ],
  webServer: {
    command: 'npm run -s generate && node --import tsx tests/e2e/serve.ts',
    cwd: '../..',
    url: `${baseURL}/healthz`,
    // With E2E_PORT set by hand: the site that is already there.
    reuseExistingServer: true,
    timeout: 300_000,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 30_000 },
    stdout: 'pipe',
    stderr: 'pipe',
  },
});
