import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { AppError } from '#lib/errors/app-error.ts';
import { checkTable, tableFileSchema, tableNamed, type TableCheck, type TableFile } from '#lib/stats/check/check-table.ts';

/** What a value may differ by: relative, absolute below 1. */
const LIMIT = 1e-9;

interface FileCheck extends TableCheck {
  file: string;
  passed: boolean;
}

/** Adds `stats check`. */
export function registerStatsCheck(program: Command, print: (line: string) => void): void {
  program
    .command('stats')
    .description('the statistics that scores are made with')
    .command('check')
    .description(`runs a folder of tables of expected values through the shipped functions; fails when one differs by more than ${LIMIT}`)
    .argument('<folder>', 'files <statistic>.json of { cases: [{ name, input, expected }] }, as in tests/golden/metrics')
    .option('--json', 'one line of JSON', false)
    .action((folder: string, options: { json: boolean }) => statsCheck(folder, options, print));
}

/**
 * Prints each file's cases and worst difference. Throws AppError `bad_request` for a folder without tables and for a
 * file that is none or of a statistic that is not known, `failed` when one differs.
 */
export async function statsCheck(folder: string, { json }: { json: boolean }, print: (line: string) => void): Promise<void> {
  const checks: FileCheck[] = [];
  for (const file of await tableFiles(folder)) {
    const table = tableNamed(basename(file, '.json'));
    if (table === null)
      throw new AppError('bad_request', `No statistic is known by the name of ${file}: name the file as in tests/golden/metrics, such as roc_auc.json.`);
    const check = checkTable(table, await readTable(join(folder, file)));
    checks.push({ file, ...check, passed: check.worst <= LIMIT });
  }
  const width = Math.max(...checks.map(({ file }) => file.length));
  for (const { file, cases, worst, worstCase, passed } of json ? [] : checks) {
    const where = worstCase === null ? '' : `  in “${worstCase.name}”${worstCase.path && `, ${worstCase.path}`}`;
    print(`${passed ? '✓' : '✗'} ${file.padEnd(width)}  ${String(cases).padStart(4)} cases  worst ${worst.toExponential(1)}${where}`);
  }
  const failed = checks.filter(({ passed }) => !passed).map(({ file }) => file);
  const cases = checks.reduce((sum, check) => sum + check.cases, 0);
  if (json) print(JSON.stringify({ files: checks.map((check) => ({ ...check, worst: finite(check.worst) })), cases, limit: LIMIT, failed }));
  else if (failed.length === 0) print(`${cases} cases of ${checks.length} files agree within ${LIMIT}.`);
  if (failed.length > 0) throw new AppError('bad_request', `${failed.join(', ')} ${failed.length === 1 ? 'differs' : 'differ'} by more than ${LIMIT}.`);
}

/** JSON has no infinity. */
const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

async function tableFiles(folder: string): Promise<string[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (cause) {
    throw new AppError('bad_request', `There is no folder ${folder}.`, { cause, field: 'folder' });
  }
  const files = names.filter((name) => name.endsWith('.json')).sort();
  if (files.length === 0) throw new AppError('bad_request', `The folder ${folder} holds no .json file.`, { field: 'folder' });
  return files;
}

async function readTable(path: string): Promise<TableFile> {
  try {
    return tableFileSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause instanceof Error ? cause.message : cause);
    throw new AppError('bad_request', `${path} is not a table of expected values: ${why.split('\n')[0]}.`, { cause });
  }
}
