import { z } from 'zod';
import { difference } from './compare.ts';
import { STATISTICS_TABLES, type StatisticsTable } from './tables.ts';

/** A file of expected values; more in it than this is description. */
export const tableFileSchema = z.object({ cases: z.array(z.object({ name: z.string(), input: z.unknown(), expected: z.unknown() })).min(1, 'holds no case') });
export type TableFile = z.infer<typeof tableFileSchema>;

export interface TableCheck {
  cases: number;
  /** Of all cases and all shipped functions: greatest |actual − expected| / max(1, |expected|). */
  worst: number;
  /** The case it is in and where in its values; null where nothing differs. */
  worstCase: { name: string; path: string } | null;
}

/** The table of a file's name without its ending: the very name, or the longest that it begins with (`roc_auc_more`). Null for another. */
export function tableNamed(stem: string): StatisticsTable | null {
  const name = Object.keys(STATISTICS_TABLES)
    .filter((known) => stem === known || stem.startsWith(`${known}_`) || stem.startsWith(`${known}-`) || stem.startsWith(`${known}.`))
    .sort((a, b) => b.length - a.length)[0];
  return name === undefined ? null : (STATISTICS_TABLES[name] ?? null);
}

/** Runs every case of a file through the shipped functions. A case that a function refuses differs infinitely. */
export function checkTable(table: StatisticsTable, { cases }: TableFile): TableCheck {
  const check: TableCheck = { cases: cases.length, worst: 0, worstCase: null };
  for (const { name, input, expected } of cases) {
    for (const value of valuesOf(table, input, expected)) {
      const { worst, path } = value instanceof Error ? { worst: Infinity, path: value.message } : difference(value, expected);
      if (worst > check.worst) Object.assign(check, { worst, worstCase: { name, path } });
    }
  }
  return check;
}

function valuesOf(table: StatisticsTable, input: unknown, expected: unknown): unknown[] {
  try {
    return table.values(input, expected);
  } catch (error) {
    return [error instanceof Error ? error : new Error(String(error))];
  }
}
