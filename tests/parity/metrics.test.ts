import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { tableFileSchema } from '#lib/stats/check/check-table.ts';
import { difference } from '#lib/stats/check/compare.ts';
import { STATISTICS_TABLES } from '#lib/stats/check/tables.ts';

/** Tables written by scikit-learn, SciPy and NumPy; see the folder's README. */
const FOLDER = new URL('../golden/metrics/', import.meta.url);
const TOLERANCE = 1e-12;
/** Tables whose own tolerance is wider. */
const WIDER: Record<string, number> = { bootstrap: 1e-10, explained_variance: 1e-10, log_odds_dirichlet: 1e-10, kl_softmax: 1e-9 };

const names = readdirSync(FOLDER).flatMap((file) => (file.endsWith('.json') ? [file.slice(0, -'.json'.length)] : []));

it('knows the statistic of every table, and has a table for every statistic', () => {
  expect(Object.keys(STATISTICS_TABLES).sort()).toEqual(names.sort());
});

describe.each(names)('%s agrees with scikit-learn, SciPy and NumPy', (name) => {
  const { cases } = tableFileSchema.parse(JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8')));
  it.each(cases)('$name', ({ name: title, input, expected }) => {
    const tolerance = name === 'correlation' && title.includes('offset') ? 1e-9 : (WIDER[name] ?? TOLERANCE);
    const values = STATISTICS_TABLES[name]?.values(input, expected) ?? [];
    expect(values).not.toEqual([]);
    for (const value of values) {
      const { worst, path } = difference(value, expected);
      expect(worst, path).toBeLessThanOrEqual(tolerance);
    }
  });
});
