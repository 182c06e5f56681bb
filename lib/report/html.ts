import { reportFacts, reportTitle } from './facts.ts';
import type { ReportPlot } from './plot.ts';
import type { RunReport } from './schema.ts';
import { reportTables, type ReportTable } from './tables.ts';

const STYLE = `
:root{color-scheme:light dark;--paper:light-dark(#fbfbf8,#0f1113);--ink:light-dark(#191c20,#e9e7e2);--ink-2:light-dark(#4b515b,#b4b8be);--ink-3:light-dark(#636973,#969ca5);--line:light-dark(#e3e3dc,#262b30);--accent:light-dark(#0a6b66,#58c7bd);--fire:light-dark(#e87e04,#ffa330);--series-3:light-dark(#5b4fa8,#a99df0);--series-4:light-dark(#a8325a,#f08fb0)}
body{margin:0 auto;max-width:70rem;padding:2rem 1rem;background:var(--paper);color:var(--ink);font:15px/1.5 Inter,system-ui,sans-serif}
h1{font-size:1.7rem}h2{font-size:1.125rem;margin-top:2.5rem}h3{font-size:.95rem;margin:0 0 .5rem}
p,figcaption{color:var(--ink-2);max-width:44rem}figcaption{font-size:.8125rem}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-size:.8125rem;font-variant-numeric:tabular-nums}
th,td{padding:.35rem .75rem .35rem 0;text-align:left;border-bottom:1px solid var(--line);white-space:nowrap}th{font-weight:600;color:var(--ink-2)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem;font-size:.875rem}dt{color:var(--ink-2)}dd{margin:0;overflow-wrap:anywhere}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,30rem),1fr));gap:2rem 1.5rem}figure{margin:0}svg{max-width:100%;height:auto}`;

/** The report as one page that needs nothing else. */
export function reportHtml(report: RunReport, plots: readonly ReportPlot[]): string {
  const facts = reportFacts(report).map(([name, value]) => `<dt>${escape(name)}</dt><dd>${escape(value)}</dd>`);
  const figures = plots.map(({ title, caption, svg }) => `<figure><h3>${escape(title)}</h3>${svg}<figcaption>${escape(caption)}</figcaption></figure>`);
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escape(reportTitle(report))}</title><style>${STYLE}</style></head>
<body>
<h1>${escape(reportTitle(report))}</h1>
<dl>${facts.join('')}</dl>
${reportTables(report).map(section).join('\n')}
${figures.length === 0 ? '' : `<h2>Figures</h2>\n<div class="figures">${figures.join('\n')}</div>`}
</body>
</html>
`;
}

function section({ title, note, columns, rows }: ReportTable): string {
  const head = columns.map((column) => `<th scope="col">${escape(column)}</th>`).join('');
  const body = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${escape(cell)}</td>`).join('')}</tr>`).join('\n');
  return `<h2>${escape(title)}</h2>${note === '' ? '' : `<p>${escape(note)}</p>`}<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
