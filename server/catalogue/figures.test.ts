import type { Pool } from 'pg';
import { expect, test } from 'vitest';
import { createFigures } from './figures.ts';

test('an index that is away is not an empty one', async () => {
  const errors: unknown[] = [];
  const away = new Error('the index is away');
  const figures = createFigures({} as Pool, { count: () => Promise.reject(away) }, (error) => errors.push(error));
  expect(await figures.indexed()).toBeNull();
  expect(errors).toEqual([away]);
  expect(await createFigures({} as Pool, { count: () => Promise.resolve(0) }, () => undefined).indexed()).toBe(0);
});
