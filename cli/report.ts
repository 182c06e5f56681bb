import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import type { Command } from 'commander';
import { AppError } from '#lib/errors/app-error.ts';
import { reportHtml } from '#lib/report/html.ts';
import { reportMarkdown } from '#lib/report/markdown.ts';
import { compareRuns } from '#server/reports/against.ts';
import { FILE_THEME, PAGE_THEME, reportPlots } from '#server/reports/plots.ts';
import { readReport } from '#server/reports/read-report.ts';
import { withInstance } from './open-instance.ts';

interface ReportOptions {
  html?: boolean;
  md?: boolean;
  json?: boolean;
  out?: string;
  against?: string;
}

/** Adds `report <run>`. */
export function registerReport(program: Command, print: (line: string) => void): void {
  program
    .command('report')
    .description('what a run says about itself: coverage, scores with intervals and controls, by tenth and class, correlations, comparisons, failures, cost')
    .argument('<run>', 'number of the run, as on its page')
    .option('--html', 'one page with its figures')
    .option('--md', 'Markdown, unless another form is asked for; with --out the figures go beside it as SVG')
    .option('--json', 'all numbers')
    .option('--out <file>', 'where to write it; by default it is printed')
    .option('--against <run>', 'compares it with another run, latent by latent where they are of one coder')
    .action((run: string, options: ReportOptions) => report(run, options, print));
}

/** Writes or prints a run's report. Throws AppError `bad_request` for two forms at once or a run that is no number, `not_found` for no such run. */
export async function report(run: string, options: ReportOptions, print: (line: string) => void): Promise<void> {
  const forms = (['html', 'md', 'json'] as const).filter((form) => options[form]);
  if (forms.length > 1) throw new AppError('bad_request', `A report has one form: leave out all of --html, --md and --json but one.`);
  const form = forms[0] ?? 'md';
  for (const id of [run, options.against]) {
    if (id !== undefined && !/^\d{1,18}$/.test(id)) throw new AppError('bad_request', `“${id}” is not the number of a run.`, { field: 'run' });
  }
  await withInstance(async ({ database: { pool } }) => {
    const read = await readReport(pool, run);
    if (options.against !== undefined) {
      const other = await readReport(pool, options.against);
      if (read.report.run.protocol !== other.report.run.protocol) {
        throw new AppError('bad_request', `Run ${run} is of protocol ${read.report.run.protocol} and run ${options.against} of ${other.report.run.protocol}: their scores are not to be compared.`, { field: 'against' }); // prettier-ignore
      }
      read.report.comparisons.push(...compareRuns(read, other));
    }
    const { out } = options;
    if (form === 'json') await put(out, `${JSON.stringify(read.report)}\n`, print);
    if (form === 'html') await put(out, reportHtml(read.report, await reportPlots(read.report, read.observations, PAGE_THEME)), print);
    if (form === 'md') {
      const folder = out === undefined ? '' : `${basename(out, extname(out))}-figures`;
      const plots = out === undefined ? [] : await reportPlots(read.report, read.observations, FILE_THEME);
      await put(out, reportMarkdown(read.report, plots, folder), print);
      if (out !== undefined && plots.length > 0) {
        const beside = join(dirname(out), folder);
        await mkdir(beside, { recursive: true });
        await Promise.all(plots.map(({ name, svg }) => writeFile(join(beside, `${name}.svg`), svg)));
      }
    }
  });
}

async function put(out: string | undefined, text: string, print: (line: string) => void): Promise<void> {
  if (out === undefined) {
    print(text.trimEnd());
    return;
  }
  await mkdir(dirname(out), { recursive: true });
  await writeFile(out, text);
  print(`Written to ${out}.`);
}
