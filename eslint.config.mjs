import { readFileSync } from 'node:fs';
import next from '@next/eslint-plugin-next';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

/** @type {Record<string, string[]>} which room may import which others; the architecture test reads the same file */
const ARROWS = JSON.parse(readFileSync(new URL('tests/unit/arrows.json', import.meta.url), 'utf8'));
const ROOMS = Object.keys(ARROWS);
const TESTS = '**/*.test.{ts,tsx}';
const RUNTIME_FILE = 'gpu-worker/model/onnx.ts';

const PARENT = {
  regex: String.raw`^\.\.(?!/package\.json$)`,
  message: 'Import other folders by their name, #folder/file.ts; relative imports stay within a folder.',
};
const INDEX = { regex: String.raw`^[#.].*/index(\.tsx?)?$`, message: 'Import the file itself, not an index.' };
const RUNTIME = { name: 'onnxruntime-node', message: `Only ${RUNTIME_FILE} knows the runtime: everything else sees typed arrays with shapes.` };

/**
 * @param {string[]} reach rooms that code of `room` may import besides itself
 * @param {string} room
 */
function arrows(reach, room, { runtime = false } = {}) {
  const closed = [...ROOMS, 'prisma', 'tests'].filter((other) => other !== room && !reach.includes(other));
  const pattern = { regex: `^#(${closed.join('|')})/`, message: `${room}/ may import ${[room, ...reach].join(', ')} only.` };
  return { 'no-restricted-imports': ['error', { paths: runtime ? [] : [RUNTIME], patterns: [PARENT, INDEX, pattern] }] };
}

const BARREL = { selector: 'ExportAllDeclaration', message: 'No barrels: import the file itself.' };
/** Whole, the environment may go to loadEnvironment or to a child process. */
const ENVIRONMENT = {
  selector: 'MemberExpression[object.object.name="process"][object.property.name="env"]:not([property.name="NODE_ENV"])',
  message: 'Take it from the Environment that the main file parsed with loadEnvironment(process.env).',
};
const CLOCK = { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: 'lib/ has no clock: take the time as an argument.' };
const impure = ['process', 'fetch', 'performance', 'crypto', 'setTimeout', 'setInterval', 'setImmediate'].map((name) => ({
  name,
  message: 'lib/ is pure: take it as an argument.',
}));

export default tseslint.config(
  { ignores: ['.next*/', '.data*/', 'prisma/generated/', 'models/', 'next-env.d.ts', 'test-results/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.recommended],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
      'no-constant-binary-expression': 'error',
      'no-constant-condition': 'error',
      'no-empty': 'error',
      'no-self-compare': 'error',
      'no-template-curly-in-string': 'error',
      'no-unsafe-finally': 'error',
      'no-useless-escape': 'error',
      'no-useless-rename': 'error',
      'object-shorthand': 'error',
      'prefer-const': ['error', { destructuring: 'all' }],
      'no-restricted-syntax': ['error', BARREL],
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      '@typescript-eslint/no-unnecessary-type-assertion': 'error',
      '@typescript-eslint/no-unused-expressions': ['error', { allowTernary: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/prefer-promise-reject-errors': 'error',
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      'no-restricted-imports': ['error', { paths: [RUNTIME], patterns: [PARENT, INDEX] }],
    },
  },
  {
    files: ['app/**/*.{ts,tsx}'],
    extends: [reactHooks.configs.flat.recommended],
    plugins: { '@next/next': next },
    rules: { ...next.configs.recommended.rules, ...next.configs['core-web-vitals'].rules },
  },
  ...Object.entries(ARROWS).flatMap(([room, reach]) => [
    { files: [`${room}/**/*.{ts,tsx}`], rules: arrows(reach, room) },
    { files: [`${room}/${TESTS}`], rules: arrows([...reach, 'tests'], room) },
  ]),
  { files: [RUNTIME_FILE], rules: arrows(ARROWS['gpu-worker'] ?? [], 'gpu-worker', { runtime: true }) },
  {
    files: [...ROOMS.map((room) => `${room}/**/*.{ts,tsx}`), 'proxy.ts'],
    ignores: [TESTS],
    rules: { 'no-restricted-syntax': ['error', BARREL, ENVIRONMENT] },
  },
  {
    files: ['lib/**/*.ts'],
    ignores: [TESTS],
    rules: {
      'no-restricted-syntax': ['error', BARREL, ENVIRONMENT, CLOCK],
      'no-restricted-globals': ['error', ...impure],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'lib/ has no chance of its own: take a seeded rng.' },
        { object: 'Date', property: 'now', message: 'lib/ has no clock: take the time as an argument.' },
      ],
    },
  },
);
