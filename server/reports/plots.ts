import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { NEGATIVE_CLASSES } from '#lib/example/protocol.ts';
import { rngFor, sampleIndices } from '#lib/random/rng.ts';
import { groupObservations, type Observation } from '#lib/report/observation.ts';
import type { ReportPlot } from '#lib/report/plot.ts';
import type { RunReport } from '#lib/report/schema.ts';
import { AXES } from '#lib/score/axis.ts';
import { METRIC_NAMES, SCORER_NAMES } from '#lib/score/naming.ts';
import type { Metric, Scorer } from '#lib/score/schema.ts';

/** Colours of a plot: names of CSS variables inside a page, hues where the picture stands alone. */
export interface PlotTheme {
  ink: string;
  line: string;
  /** One an explainer, the first also where there is only one thing to show. */
  series: readonly string[];
  control: string;
}

export const PAGE_THEME: PlotTheme = {
  ink: 'var(--ink-2)',
  line: 'var(--line)',
  series: ['var(--accent)', 'var(--fire)', 'var(--series-3)', 'var(--series-4)'],
  control: 'var(--ink-3)',
};
export const FILE_THEME: PlotTheme = { ink: '#4b515b', line: '#d9d9d2', series: ['#0a6b66', '#e87e04', '#5b4fa8', '#a8325a'], control: '#8a9099' };

/** Points beyond which a cloud only gets heavier. */
const MAX_POINTS = 1500;
const BIN = 0.025;

/** Draws the figures that a run has data for; the same scores give the same pictures. */
export async function reportPlots(report: RunReport, observations: readonly Observation[], theme: PlotTheme): Promise<ReportPlot[]> {
  const drawn = [
    ...distributions(observations, theme),
    ...byQuantile(report, theme),
    ...byClass(report, theme),
    ...pairs(report, observations, theme),
    ...byFrequency(observations, theme),
  ];
  return Promise.all(drawn.map(async ({ spec, ...plot }) => ({ ...plot, svg: await toSvg(spec, theme) })));
}

type Drawn = Omit<ReportPlot, 'svg'> & { spec: Plot };
type Plot = Record<string, unknown>;

async function toSvg(spec: Plot, { ink, line }: PlotTheme): Promise<string> {
  const font = 'Inter, system-ui, sans-serif';
  const config = {
    background: 'transparent',
    font,
    view: { stroke: null },
    axis: {
      labelColor: ink,
      titleColor: ink,
      gridColor: line,
      domainColor: line,
      tickColor: line,
      titleFontWeight: 'normal',
      labelFontSize: 11,
      titleFontSize: 12,
    },
    legend: { labelColor: ink, titleColor: ink, orient: 'top', titleFontWeight: 'normal', labelFontSize: 11 },
    header: { labelColor: ink, titleColor: ink },
  };
  const { spec: compiled } = compile({ $schema: 'https://vega.github.io/schema/vega-lite/v6.json', ...spec, config } as TopLevelSpec);
  const view = new View(parse(compiled), { renderer: 'none' });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

const nameOf = (scorer: Scorer): string => SCORER_NAMES[scorer].name;
const axisTitle = (scorer: Scorer, metric: Metric): string => `${nameOf(scorer)}: ${METRIC_NAMES[metric]}`;
const methodName = (method: string | null): string => method ?? 'latent';

/** A colour an explainer, the same in every figure. */
function colours(methods: readonly string[], { series }: PlotTheme): Record<string, unknown> {
  return {
    field: 'method',
    type: 'nominal',
    title: 'explainer',
    scale: { domain: methods, range: methods.map((_, i) => series[i % series.length]) },
    legend: methods.length > 1 ? {} : null,
  };
}

const chanceLine = (metric: Metric, channel: 'x' | 'y', { control }: PlotTheme): Record<string, unknown> => ({
  mark: { type: 'rule', strokeDash: [3, 3], color: control },
  encoding: { [channel]: { datum: AXES[metric].chance } },
});

const methodsOf = (groups: readonly { method: string | null }[]): string[] => [...new Set(groups.map(({ method }) => methodName(method)))];

/** Scorers with their metric, in the order in which they come. */
function scorersOf(groups: readonly { scorer: Scorer; metric: Metric }[]): { scorer: Scorer; metric: Metric }[] {
  return [...new Map(groups.map(({ scorer, metric }) => [`${scorer} ${metric}`, { scorer, metric }])).values()];
}

function binned(values: readonly number[], labels: Record<string, unknown>): Record<string, unknown>[] {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(Math.floor(value / BIN), (counts.get(Math.floor(value / BIN)) ?? 0) + 1);
  const bins = [...counts.keys()];
  const [from, to] = [Math.min(...bins), Math.max(...bins)];
  return Array.from({ length: to - from + 3 }, (_, i) => {
    const bin = from - 1 + i;
    return { ...labels, at: (bin + 0.5) * BIN, share: (counts.get(bin) ?? 0) / values.length };
  });
}

function distributions(observations: readonly Observation[], theme: PlotTheme): Drawn[] {
  const groups = groupObservations(observations);
  const methods = methodsOf(groups);
  return scorersOf(groups).flatMap(({ scorer, metric }): Drawn[] => {
    const own = groups.filter((group) => group.scorer === scorer && group.metric === metric);
    const scores = own.flatMap(({ method, observations: all }) => {
      const values = all.flatMap(({ value }) => value ?? []);
      return values.length === 0 ? [] : binned(values, { method: methodName(method) });
    });
    if (scores.length === 0) return [];
    const controls = own.flatMap(({ observations: all }) => all.flatMap(({ control }) => control ?? []));
    const x = { field: 'at', type: 'quantitative', title: axisTitle(scorer, metric), scale: { zero: false } };
    const y = { field: 'share', type: 'quantitative', title: 'share of latents', axis: { format: '%' } };
    return [
      {
        name: `distribution-${scorer}-${metric}`,
        title: `How ${nameOf(scorer).toLowerCase()} scores spread over latents`,
        caption: `Latents in bins of ${BIN}.${controls.length === 0 ? '' : ' Dashed: the control, another latent’s explanation on the same exams.'} The dotted line is chance.`,
        spec: {
          width: 420,
          height: 180,
          layer: [
            chanceLine(metric, 'x', theme),
            ...(controls.length === 0
              ? []
              : [
                  {
                    data: { values: binned(controls, {}) },
                    mark: { type: 'line', interpolate: 'step', strokeDash: [5, 3], color: theme.control },
                    encoding: { x, y },
                  },
                ]),
            { data: { values: scores }, mark: { type: 'line', interpolate: 'step', strokeWidth: 2 }, encoding: { x, y, color: colours(methods, theme) } },
          ],
        },
      },
    ];
  });
}

function byQuantile({ quantiles }: RunReport, theme: PlotTheme): Drawn[] {
  const methods = methodsOf(quantiles);
  return scorersOf(quantiles).map(({ scorer, metric }) => ({
    name: `quantiles-${scorer}-${metric}`,
    title: `${nameOf(scorer)} from the strongest windows to the weakest`,
    caption: 'Median over latents with the quartiles, a tenth of the firing windows at a time, each against the same random silent windows.',
    spec: {
      width: 420,
      height: 180,
      data: {
        values: quantiles
          .filter((one) => one.scorer === scorer && one.metric === metric)
          .map(({ method, quantile, score }) => ({ method: methodName(method), tenth: quantile + 1, median: score.median.value, q1: score.q1, q3: score.q3 })),
      },
      layer: [
        chanceLine(metric, 'y', theme),
        { mark: { type: 'area', opacity: 0.15 }, encoding: { y: { field: 'q1', type: 'quantitative' }, y2: { field: 'q3' } } },
        {
          mark: { type: 'line', point: true },
          encoding: { y: { field: 'median', type: 'quantitative', scale: { zero: false }, title: axisTitle(scorer, metric) } },
        },
      ],
      encoding: {
        x: { field: 'tenth', type: 'ordinal', title: 'tenth of the firing windows, strongest first', axis: { labelAngle: 0 } },
        color: colours(methods, theme),
      },
    },
  }));
}

function byClass({ classes }: RunReport, theme: PlotTheme): Drawn[] {
  const methods = methodsOf(classes);
  return scorersOf(classes).map(({ scorer, metric }) => ({
    name: `classes-${scorer}-${metric}`,
    title: `${nameOf(scorer)} against each kind of silent window`,
    caption: 'Median over latents with the quartiles. Random windows are the headline; figures of different kinds are never averaged.',
    spec: {
      width: 420,
      height: { step: 26 },
      data: {
        values: classes
          .filter((one) => one.scorer === scorer && one.metric === metric)
          .map(({ method, class: of, score }) => ({
            method: methodName(method),
            of: of.replaceAll('_', ' '),
            median: score.median.value,
            q1: score.q1,
            q3: score.q3,
          })),
      },
      encoding: {
        y: { field: 'of', type: 'nominal', title: null, sort: NEGATIVE_CLASSES.map((of) => of.replaceAll('_', ' ')) },
        yOffset: { field: 'method' },
        color: colours(methods, theme),
      },
      layer: [
        chanceLine(metric, 'x', theme),
        {
          mark: { type: 'rule', strokeWidth: 2, opacity: 0.5 },
          encoding: { x: { field: 'q1', type: 'quantitative', title: axisTitle(scorer, metric), scale: { zero: false } }, x2: { field: 'q3' } },
        },
        { mark: { type: 'point', filled: true, size: 60 }, encoding: { x: { field: 'median', type: 'quantitative' } } },
      ],
    },
  }));
}

function pairs({ correlations }: RunReport, observations: readonly Observation[], theme: PlotTheme): Drawn[] {
  return correlations.map(({ method, a, b, n, pearson, spearman }) => {
    const valuesOf = (scorer: Scorer): Map<number, Observation> =>
      new Map(observations.flatMap((one) => (one.method === method && one.scorer === scorer && one.value !== null ? [[one.latent, one]] : [])));
    const [x, y] = [valuesOf(a), valuesOf(b)];
    const both = [...x.keys()].filter((latent) => y.has(latent));
    const shown = sampleIndices(rngFor('report points', method, a, b), both.length, MAX_POINTS).map((i) => both[i] as number);
    const metricOf = (of: Map<number, Observation>): Metric => (of.values().next().value as Observation).metric;
    return {
      name: `pair-${method}-${a}-${b}`,
      title: `${nameOf(a)} and ${nameOf(b).toLowerCase()}, ${method}`,
      caption: `${n} latents${shown.length < n ? `, ${shown.length} of them drawn` : ''}; Pearson ${pearson.value.toFixed(2)}, Spearman ${spearman.value.toFixed(2)}.`,
      spec: {
        width: 260,
        height: 260,
        data: { values: shown.map((latent) => ({ a: x.get(latent)?.value, b: y.get(latent)?.value })) },
        mark: { type: 'point', filled: true, size: 12, opacity: 0.4, color: theme.series[0] },
        encoding: {
          x: { field: 'a', type: 'quantitative', title: axisTitle(a, metricOf(x)), scale: { zero: false } },
          y: { field: 'b', type: 'quantitative', title: axisTitle(b, metricOf(y)), scale: { zero: false } },
        },
      },
    };
  });
}

function byFrequency(observations: readonly Observation[], theme: PlotTheme): Drawn[] {
  const groups = groupObservations(observations);
  const methods = methodsOf(groups);
  return scorersOf(groups).flatMap(({ scorer, metric }): Drawn[] => {
    const all = groups
      .filter((group) => group.scorer === scorer && group.metric === metric)
      .flatMap(({ method, observations: own }) =>
        own.flatMap(({ value, frequency }) => (value === null || frequency <= 0 ? [] : [{ method: methodName(method), frequency, value }])),
      );
    if (all.length === 0) return [];
    const shown = sampleIndices(rngFor('report points', scorer, metric), all.length, MAX_POINTS).map((i) => all[i]);
    return [
      {
        name: `frequency-${scorer}-${metric}`,
        title: `${nameOf(scorer)} and how often a latent fires`,
        caption: `Each point is a latent${shown.length < all.length ? ` (${shown.length} of ${all.length} scores drawn)` : ''}.`,
        spec: {
          width: 420,
          height: 180,
          data: { values: shown },
          layer: [
            chanceLine(metric, 'y', theme),
            {
              mark: { type: 'point', filled: true, size: 12, opacity: 0.4 },
              encoding: {
                x: {
                  field: 'frequency',
                  type: 'quantitative',
                  scale: { type: 'log' },
                  title: 'share of tokens on which it fires',
                  axis: { format: '~g', tickCount: 5, grid: false },
                },
                y: { field: 'value', type: 'quantitative', scale: { zero: false }, title: axisTitle(scorer, metric) },
                color: colours(methods, theme),
              },
            },
          ],
        },
      },
    ];
  });
}
