import { describe, expect, it } from 'vitest';
import { createRunCache } from './run-cache.ts';

describe('run cache', () => {
  it('opens once for many askers, closes what falls out, and forgets what failed', async () => {
    const cache = createRunCache(2);
    const log: string[] = [];
    const get = (key: string) =>
      cache.get(
        key,
        async () => {
          log.push(`open ${key}`);
          return key;
        },
        async (value) => {
          log.push(`close ${value}`);
        },
      );
    expect(await Promise.all([get('a'), get('a'), get('b')])).toEqual(['a', 'a', 'b']);
    await get('a');
    await get('c');
    expect(log).toEqual(['open a', 'open b', 'open c', 'close b']);
    await expect(cache.get('x', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await cache.get('x', async () => 1)).toBe(1);
    await cache.clear();
    expect(log.filter((line) => line.startsWith('close')).length).toBe(3);
  });
});
