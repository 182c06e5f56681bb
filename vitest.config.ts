import { defineConfig } from 'vitest/config';

const unit = [
  'lib/**/*.test.ts',
  'server/**/*.test.ts',
  'gpu-worker/**/*.test.ts',
  'platform/**/*.test.ts',
  'cli/**/*.test.ts',
  'infra/**/*.test.ts',
  'app/**/*.test.{ts,tsx}',
  'tests/unit/**/*.test.ts',
];

/** Three speeds: `unit` (no I/O beyond committed files), `parity` (golden files through onnxruntime, planted latents), `db` (a real embedded Postgres). */
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: unit } },
      { test: { name: 'parity', include: ['tests/parity/**/*.test.ts', 'tests/planted/**/*.test.ts'], testTimeout: 60_000, pool: 'forks' } },
      {
        test: {
          name: 'db',
          include: ['tests/integration/**/*.test.ts'],
          globalSetup: ['tests/integration/global-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          pool: 'forks',
        },
      },
    ],
  },
});
