import type { ReportPlot } from './plot.ts';
import type { RunReport } from './schema.ts';
import { reportTables, type ReportTable } from './tables.ts';
import { reportFacts, reportTitle } from './facts.ts';

/**
 * The report as Markdown.
 *
 * @param plots drawn figures; shown as files of their names beside the report, in `folder`
 */
export function reportMarkdown(report: RunReport, plots: readonly Pick<ReportPlot, 'name' | 'title' | 'caption'>[], folder: string): string {
  const parts = [
    `# ${reportTitle(report)}`,
    reportFacts(report)
      .map(([name, value]) => `- ${name}: ${escape(value)}`)
      .join('\n'),
    ...reportTables(report).flatMap((table) => [`## ${table.title}`, ...(table.note === '' ? [] : [table.note]), markdownTable(table)]),
    ...(plots.length === 0 ? [] : ['## Figures']),
    ...plots.flatMap(({ name, title, caption }) => [`### ${title}`, `![${title}](${folder}/${name}.svg)`, caption]),
  ];
  return `${parts.join('\n\n')}\n`;
}

function markdownTable({ columns, rows }: ReportTable): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escape).join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n');
}

/** What could end a cell or begin markup. */
const escape = (text: string): string => text.replace(/[|\\<>*_`[\]]/g, (character) => `\\${character}`).replace(/\s+/g, ' ');
