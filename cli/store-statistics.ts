import type { Command } from 'commander';
import { histogramEdges, singleToken, type LatentProfile, type TopToken } from '#gpu-worker/activations/statistics/latent-profile.ts';
import { storeStatistics } from '#gpu-worker/activations/statistics/store-statistics.ts';
import { openTokenizer, type Tokenizer } from '#gpu-worker/model/tokenizer.ts';
import { loadEnvironment } from '#platform/environment/environment.ts';
import { locateModel } from './locate.ts';
import { MODEL_ARGUMENT } from './model.ts';
import { index } from './option-numbers.ts';
import { chooseCoder, HOOKPOINT_OPTION, STORE_ARGUMENT, withStore } from './with-store.ts';

interface StatisticsOptions {
  latent?: number;
  hookpoint?: string;
  model?: string;
  json: boolean;
}

/** Adds `store statistics`. */
export function registerStoreStatistics(store: Command, print: (line: string) => void): void {
  store
    .command('statistics')
    .description('what the latents of a coder do: all in short, or one in full; made at the first call and kept beside the store')
    .argument('<store>', STORE_ARGUMENT)
    .option('--latent <n>', 'this one in full', index)
    .option('--hookpoint <name>', HOOKPOINT_OPTION)
    .option('--model <model>', `to show tokens as text: ${MODEL_ARGUMENT}`)
    .option('--json', 'one line of JSON', false)
    .action((dir: string, options: StatisticsOptions) => statistics(dir, options, print));
}

/** Shows the statistics of a store. */
export async function statistics(dir: string, options: StatisticsOptions, print: (line: string) => void): Promise<void> {
  const environment = loadEnvironment(process.env);
  const tokenizer = options.model === undefined ? null : await openTokenizer((await locateModel(environment, options.model)).dir);
  await withStore(dir, async (store, artifacts) => {
    const file = await storeStatistics(artifacts, store, chooseCoder(store, options.hookpoint));
    try {
      if (options.latent === undefined) {
        if (options.json) print(JSON.stringify(file.summary));
        else for (const [name, value] of Object.entries(file.summary)) print(`${name.replaceAll('_', ' ')}: ${JSON.stringify(value)}`);
        return;
      }
      const shown = showLatent(options.latent, await file.latent(options.latent), tokenizer);
      if (options.json) print(JSON.stringify(shown));
      else for (const [name, value] of Object.entries(shown)) print(`${name.replaceAll('_', ' ')}: ${JSON.stringify(value)}`);
    } finally {
      await file.close();
    }
  });
}

function showLatent(latent: number, profile: LatentProfile, tokenizer: Tokenizer | null): Record<string, unknown> {
  const text = (id: number): { text?: string } => (tokenizer ? { text: tokenizer.decode([id]) } : {});
  const top = ({ token, active, total, occurrences }: TopToken): Record<string, unknown> => ({
    token,
    ...text(token),
    total,
    mean: total / occurrences,
    mean_when_active: total / active,
    active,
    occurrences,
  });
  const { tokens, histogram } = profile;
  return {
    latent,
    count: profile.count,
    frequency: profile.frequency,
    windows: profile.windows,
    window_frequency: profile.windowFrequency,
    max: profile.max,
    mean: profile.mean,
    quantiles: Array.from(profile.quantiles),
    histogram: { edges: Array.from(histogramEdges(profile.max) ?? []), counts: Array.from(histogram), below: profile.histogramBelow },
    positions: Array.from(profile.positions, (count) => (profile.count > 0 ? count / profile.count : 0)),
    position_information_bits: profile.positionInformation,
    documents: tokens?.documents ?? null,
    token_entropy_bits: tokens?.entropy ?? null,
    most_frequent_token: tokens && { token: tokens.mostFrequent, ...text(tokens.mostFrequent), share: tokens.mostFrequentShare },
    single_token: tokens && singleToken(tokens, profile.count),
    strongest_share: tokens?.strongestShare ?? null,
    stronger_half_share: tokens?.strongerHalfShare ?? null,
    top_by_total: tokens && tokens.byTotal.map(top),
    top_by_mean: tokens && tokens.byMean.map(top),
  };
}
