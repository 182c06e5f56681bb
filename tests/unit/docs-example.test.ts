import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { afterAll, describe, expect, it } from 'vitest';
import type { Family } from '#gpu-worker/model/families/family.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
// Under the root, so that `#…` imports find package.json.
const PARENT = path.join(ROOT, 'test-results');
mkdirSync(PARENT, { recursive: true });
const folder = mkdtempSync(path.join(PARENT, 'docs-example-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the worked example of docs/adding-a-model.md', () => {
  const page = readFileSync(path.join(ROOT, 'docs/adding-a-model.md'), 'utf8');
  const [, code = ''] = /```ts\n([\s\S]*?)```/.exec(page) ?? [];
  const file = path.join(folder, 'plover.ts');
  writeFileSync(file, code.replaceAll(/from '\.\//g, `from '#gpu-worker/model/families/`));

  it('type-checks under the rules of the house', { timeout: 60_000 }, () => {
    const { config } = ts.readConfigFile(path.join(ROOT, 'tsconfig.json'), (name) => ts.sys.readFile(name)) as { config: { compilerOptions: object } };
    const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, ROOT);
    const program = ts.createProgram([file], { ...options, noEmit: true, incremental: false, types: ['node'] });
    const found = ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
    expect(found).toEqual([]);
  });

  it('describes what the page says Plover is', async () => {
    const { plover } = (await import(file)) as { plover: Family };
    const config = {
      hidden_size: 24,
      intermediate_size: 40,
      num_hidden_layers: 5,
      num_attention_heads: 4,
      num_key_value_heads: 2,
      vocab_size: 11,
      plover_window: 9,
    };
    const { layers } = plover.describe(config, 'config.json');
    expect(layers.map(({ attention }) => attention.window)).toEqual([9, undefined, undefined, 9, undefined]);
    expect(() => plover.describe({ ...config, plover_window: 0 }, 'config.json')).toThrow('plover_window');
  });
});
