import { drawsSimilar, type NegativeClass, type Protocol } from '#lib/example/protocol.ts';
import { coderFileKey } from '#gpu-worker/activations/collect/coder-artifacts.ts';
import { readDataSet, type DataSet } from '#gpu-worker/activations/data-set.ts';
import { openNeighbours, type Neighbours } from '#gpu-worker/activations/neighbours/read-neighbours.ts';
import { openCoderFile } from '#gpu-worker/activations/store/coder-file.ts';
import type { LatentActivations } from '#gpu-worker/activations/store/types.ts';
import {
  candidateWindows,
  latentExamples,
  similarityQueries,
  SIMILARITY_QUERIES,
  type ExamplesRequest,
  type LatentExamples,
} from '#gpu-worker/examples/latent-examples.ts';
import { openSimilarWindows, type SimilarWindows } from '#gpu-worker/examples/similar-windows.ts';
import { WindowTable } from '#gpu-worker/examples/window-table.ts';
import type { Origin } from '#gpu-worker/examples/windows.ts';
import type { ExamSide } from '#gpu-worker/score/exam.ts';
import { openTokenizer, type Tokenizer } from '#gpu-worker/model/tokenizer.ts';
import { requireFact, type RunFacts } from './run-facts.ts';
import { runWindowEmbeddings } from './sample-windows.ts';
import type { WorkerServices } from './services.ts';

/** Neighbours whose windows a latent’s negatives are looked for in, at ten a neighbour: more than are drawn. All of those kept, where these give too few. */
const [NEIGHBOURS_READ, NEIGHBOURS_KEPT] = [4, 50];

/** Everything a run's samples are drawn from, opened for a batch of latents. */
export interface SampleSources {
  data: DataSet;
  tokenizer: Tokenizer;
  /** The embedder by which windows near in meaning are found; null where none are. */
  minedBy: string | null;
  /** Why a class of negatives that the protocol asks for cannot be drawn, in a sentence. */
  missing: Partial<Record<NegativeClass, string>>;
  /** One latent's evidence and exam, and what they were drawn from; reads its activations and its neighbours'. `without`: as in a request. */
  draw(latent: number, exam?: ExamSide, without?: readonly Origin[]): Promise<{ request: ExamplesRequest; examples: LatentExamples }>;
  close(): Promise<void>;
}

/** `breathe` is called between long computations, and may throw to stop them. */
export async function openSampleSources(services: WorkerServices, run: RunFacts, protocol: Protocol, breathe: () => Promise<void>): Promise<SampleSources> {
  const dataKey = requireFact(run, 'dataKey');
  const data = await services.cache.get(`data:${dataKey}`, () => readDataSet(services.artifacts, dataKey));
  const tokenizer = await services.cache.get(`tokenizer:${run.modelLocation}`, () => openTokenizer(run.modelLocation));
  const { windowLength } = protocol;
  const table = await services.cache.get(`windows-of:${dataKey}:${windowLength}`, async () => new WindowTable(data, windowLength, data.tokens));
  const missing: SampleSources['missing'] = {};
  const similar = drawsSimilar(protocol) ? await similarWindows(services, run, protocol) : null;
  if (similar === null && drawsSimilar(protocol)) missing.similar = run.results.similarMissing ?? 'The run was begun before it embedded windows.';
  const neighbours = (protocol.negatives.neighbour ?? 0) > 0 ? await neighboursOf(services, run) : null;
  if ((protocol.negatives.neighbour ?? 0) > 0) {
    const entry = neighbours?.kinds['co-occurrence'];
    if (entry === undefined || 'missing' in entry) missing.neighbour = entry?.missing ?? 'The run was begun before it looked for neighbours.';
  }
  const coder = await openCoderFile(services.artifacts, coderFileKey(requireFact(run, 'activationKey')));
  const near = async (latent: number, count: number): Promise<LatentActivations[]> => {
    const out: LatentActivations[] = [];
    for (const { latent: other } of (await neighbours?.nearest(latent, 'co-occurrence', count)) ?? []) out.push(await coder.latent(other));
    return out;
  };
  const requestOf = async (latent: number, exam: ExamSide, without: readonly Origin[]): Promise<ExamplesRequest> => {
    const activations = await coder.latent(latent);
    const bare = { table, latent: activations, protocol, seed: run.config.seed, exam, without };
    const request: ExamplesRequest = { ...bare, neighbours: await near(latent, NEIGHBOURS_READ) };
    if (similar === null || activations.place.length === 0) return request;
    const candidates = candidateWindows(request);
    const queries = similarityQueries(candidates, SIMILARITY_QUERIES).map(({ origin }) => origin);
    return { ...request, candidates, similar: await similar.near(queries, breathe) };
  };
  return {
    data,
    tokenizer,
    minedBy: similar === null ? null : (run.results.similarEmbedder ?? null),
    missing,
    async draw(latent, exam = 'test', without = []) {
      const request = await requestOf(latent, exam, without);
      const examples = latentExamples(request);
      const found = examples.negatives.filter((negative) => negative.class === 'neighbour').length;
      const few = found < (protocol.negatives.neighbour ?? 0) && request.neighbours?.length === NEIGHBOURS_READ;
      if (!few) return { request, examples };
      // The nearest come first all the same, so that what was drawn from them stays.
      const wider = { ...request, neighbours: await near(latent, NEIGHBOURS_KEPT) };
      return { request: wider, examples: latentExamples(wider) };
    },
    close: async () => {
      await Promise.all([coder.close(), neighbours?.close()]);
    },
  };
}

function neighboursOf(services: WorkerServices, run: RunFacts): Promise<Neighbours> | null {
  const key = run.results.neighboursKey;
  return key === undefined ? null : openNeighbours(services.artifacts, key);
}

/** The index that all batches of a run share; null where its windows were not embedded. */
async function similarWindows(services: WorkerServices, run: RunFacts, protocol: Protocol): Promise<SimilarWindows | null> {
  const embedder = run.results.similarEmbedder;
  if (typeof embedder !== 'string') return null;
  const count = protocol.negatives.similar ?? 0;
  // Not closed when it falls out: another batch may be at work with it. It holds no weights, and goes with its last user.
  return services.cache.get(`similar:${requireFact(run, 'dataKey')}:${protocol.name}:${embedder}`, async () =>
    openSimilarWindows(await runWindowEmbeddings(services, run, embedder), { count, threads: services.threads }),
  );
}
