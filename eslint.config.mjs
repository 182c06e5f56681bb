import { readFileSync } from 'node:fs';
import nextPlugin from '@next/eslint-plugin-next';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

/** Which rooms a room may import; tests/unit/architecture.test.ts reads the same list. */
const MAY_IMPORT = JSON.parse(readFileSync(new URL('tests/unit/arrows.json', import.meta.url), 'utf8'));
const ROOMS = [...Object.keys(MAY_IMPORT), 'prisma', 'tests'];

/** Everything that code in `room` must not import: other rooms, and anything by way of its parent folder. */
function arrows(room, allowed) {
  const forbidden = ROOMS.filter((other) => other !== room && !allowed.includes(other));
  return {
    files: [`${room}/**/*.{ts,tsx,mjs}`],
    ignores: ['**/*.test.{ts,tsx}'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: forbidden.map((other) => `#${other}/**`), message: `${room}/ may import only ${[room, ...allowed].join(', ')}.` },
            { group: ['../*', '..', '!../package.json'], message: 'Relative imports stay within their folder; use #room/… instead.' },
          ],
        },
      ],
    },
  };
}

export default tseslint.config(
  { ignores: ['node_modules/', '.next*/', '.data/', 'prisma/generated/', 'next-env.d.ts', 'models/', 'tests/golden/', 'test-results/'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      '@typescript-eslint/await-thenable': 'error',
    },
  },
  {
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false }],
      // The code checks lengths with `!`, where a test of its own would be dead code.
      '@typescript-eslint/no-non-null-assertion': 'off',
      'no-console': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-restricted-syntax': ['error', { selector: 'ExportAllDeclaration', message: 'No barrels: import the file itself.' }],
    },
  },
  {
    files: ['app/**/*.{ts,tsx}'],
    plugins: { '@next/next': nextPlugin, 'react-hooks': reactHooks },
    rules: { ...nextPlugin.configs.recommended.rules, ...nextPlugin.configs['core-web-vitals'].rules, ...reactHooks.configs.recommended.rules },
    settings: { next: { rootDir: import.meta.dirname } },
  },
  ...Object.entries(MAY_IMPORT).map(([room, allowed]) => arrows(room, allowed)),
);
