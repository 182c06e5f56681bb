import { expect, it } from 'vitest';
import { settingText } from './setting-text.ts';

it.each([
  ['atlas', 'atlas'],
  [65536, '65536'],
  [true, 'true'],
  [null, 'null'],
  [['lexical', 'default'], 'lexical, default'],
  [{ random: 6 }, 'random 6'],
  [{ usd: 5, tokens: 2000000 }, 'usd 5, tokens 2000000'],
  [{ deep: { er: 1 } }, '{"deep":{"er":1}}'],
  [[['x']], '[["x"]]'],
])('%j is said as %s', (value, text) => {
  expect(settingText(value)).toBe(text);
});
