import { expect, it } from 'vitest';
import { latentId, parseLatentId } from './id.ts';

it('reads what it writes, and nothing else', () => {
  const place = { model: 'presidents-4m', coder: 'layers.2-wide', index: 1204 };
  expect(latentId(place)).toBe('presidents-4m@layers.2-wide:1204');
  expect(parseLatentId(` ${latentId(place)}\n`)).toEqual(place);
  for (const other of ['someone@example.org', 'a@b:', 'a@b:1x', 'a b@c:1', '@:1', '']) expect(parseLatentId(other)).toBeNull();
});
