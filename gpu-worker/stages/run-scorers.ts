import { protocolNamed } from '#lib/example/protocol.ts';
import type { RunConfig } from '#lib/run/schema.ts';
import { readDataSet } from '#gpu-worker/activations/data-set.ts';
import { openTokenizer } from '#gpu-worker/model/tokenizer.ts';
import { detectionScorer } from '#gpu-worker/score/detection/detection.ts';
import { fuzzingScorer } from '#gpu-worker/score/fuzzing/fuzzing.ts';
import { countTokenFrequency, type TokenFrequency } from '#gpu-worker/score/fuzzing/token-traits.ts';
import { INTRUDER_PARAMETERS, intruderScorer } from '#gpu-worker/score/intruder/intruder.ts';
import { JUDGE_PARAMETERS } from '#gpu-worker/score/judge/ask-verdicts.ts';
import type { Scorer } from '#gpu-worker/score/scorer.ts';
import { jsonSimulationScorer, likelihoodSimulationScorer } from '#gpu-worker/score/simulation/simulation.ts';
import { surprisalScorer } from '#gpu-worker/score/surprisal/surprisal.ts';
import type { LlmScorer } from '#lib/score/llm-scorers.ts';
import { requireFact, type RunFacts } from './run-facts.ts';
import type { WorkerServices } from './services.ts';

/** What the making of a run's scorers may look at. */
export interface ScorerMaterial {
  run: RunFacts;
  /** How often tokens occur in the run's text; asked for only by scorers that mark places. */
  frequency: () => Promise<TokenFrequency>;
}

/** One maker a scorer that asks a model; a missing one is a type error. */
const MAKERS: Record<LlmScorer, (material: ScorerMaterial) => Promise<Scorer>> = {
  detection: async ({ run }) => detectionScorer(judgeParameters(run.config)),
  fuzzing: async (material) => fuzzingScorer(judgeParameters(material.run.config), await marking(material)),
  simulation: async ({ run }) => {
    const { normalise } = protocolNamed(run.config.protocol);
    return run.config.simulation === 'likelihood' ? likelihoodSimulationScorer(normalise) : jsonSimulationScorer(normalise);
  },
  surprisal: async () => surprisalScorer(),
  intruder: async (material) =>
    intruderScorer({ ...INTRUDER_PARAMETERS, temperature: protocolNamed(material.run.config.protocol).scoreTemperature }, await marking(material)),
};

/** The scorers of a run by name, in that order. */
export function runScorers(material: ScorerMaterial, names: readonly LlmScorer[]): Promise<Scorer[]> {
  return Promise.all(names.map((name) => MAKERS[name](material)));
}

function judgeParameters({ protocol, itemsPerPrompt }: RunConfig) {
  const { scoreTemperature, itemsPerPrompt: usual } = protocolNamed(protocol);
  return { ...JUDGE_PARAMETERS, temperature: scoreTemperature, windowsPerPrompt: itemsPerPrompt ?? usual };
}

async function marking({ run, frequency }: ScorerMaterial) {
  return { threshold: protocolNamed(run.config.protocol).highlightThreshold, frequency: await frequency() };
}

/** How often each token's text occurs in the run's data set, counted once and kept. */
export function corpusFrequency(services: Pick<WorkerServices, 'artifacts' | 'cache'>, run: RunFacts): Promise<TokenFrequency> {
  const dataKey = requireFact(run, 'dataKey');
  return services.cache.get(`token frequency:${dataKey}`, async () => {
    const data = await services.cache.get(`data:${dataKey}`, () => readDataSet(services.artifacts, dataKey));
    const tokenizer = await services.cache.get(`tokenizer:${run.modelLocation}`, () => openTokenizer(run.modelLocation));
    const byId = new Map<number, number>();
    for (let row = 0; row < data.rows; row++) {
      for (let i = 1; i < data.length[row]!; i++) {
        const id = data.tokens[row * data.rowLength + i]!;
        byId.set(id, (byId.get(id) ?? 0) + 1);
      }
    }
    const counts = new Map<string, number>();
    for (const [id, count] of byId) {
      const text = tokenizer.decode([id]);
      counts.set(text, (counts.get(text) ?? 0) + count);
    }
    return countTokenFrequency(counts);
  });
}
