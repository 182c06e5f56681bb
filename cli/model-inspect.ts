import { stat } from 'node:fs/promises';
import { isAppError } from '#lib/errors/app-error.ts';
import type { Located } from '#gpu-worker/hub/locate.ts';
import { readTemplate } from '#gpu-worker/model/chat-template.ts';
import { openCheckpoint, type Checkpoint } from '#gpu-worker/model/checkpoint.ts';
import { listHookpoints } from '#gpu-worker/model/hookpoints.ts';
import { openTokenizer } from '#gpu-worker/model/tokenizer.ts';
import { loadEnvironment } from '#platform/environment/environment.ts';
import { locateModel } from './locate.ts';

/** Prints what a checkpoint is. One that cannot be run is described as far as `--json` goes, and throws what opening it throws. */
export async function modelInspect(name: string, { json }: { json: boolean }, print: (line: string) => void): Promise<void> {
  const located = await locateModel(loadEnvironment(process.env), name);
  let checkpoint: Checkpoint;
  try {
    checkpoint = await openCheckpoint(located.dir);
  } catch (error) {
    if (json && isAppError(error)) print(JSON.stringify({ model: name, ...located, supported: false, unsupported: [error.message] }, null, 2));
    throw error;
  }
  const report = await describe(name, located, checkpoint);
  if (json) {
    print(JSON.stringify(report, null, 2));
    return;
  }
  const rows: [string, string][] = [
    ['model', name],
    ...(located.commit === null ? [] : [['commit', located.commit] as [string, string]]),
    ['folder', report.dir],
    ['family', report.family],
    ['layers', String(report.layers)],
    ['width', `${report.width} (MLP ${report.mlpWidth}, ${report.heads} heads over ${report.kvHeads} of ${report.headDim})`],
    ['vocabulary', report.vocabulary.toLocaleString('en')],
    ['context', `${report.contextLength.toLocaleString('en')} tokens`],
    ['parameters', report.parameters.toLocaleString('en')],
    ['weights', `${report.dtype}, ${(report.weightBytes / 1e6).toFixed(1)} MB`],
    ['revision', report.revision],
    ['unsupported', report.unsupported.length === 0 ? 'nothing' : report.unsupported.join(' ')],
  ];
  for (const [label, value] of rows) print(`${label.padEnd(12)} ${value}`);
  print('hookpoints (and logits)');
  for (const hookpoint of report.hookpoints) print(`  ${hookpoint.name.padEnd(24)} ${hookpoint.width}`);
}

async function describe(name: string, located: Located, checkpoint: Checkpoint) {
  const { spec } = checkpoint;
  const { attention, mlp } = spec.layers[0]!;
  return {
    model: name,
    dir: checkpoint.dir,
    commit: located.commit,
    revision: checkpoint.revision,
    supported: true,
    family: checkpoint.family,
    layers: checkpoint.nLayers,
    width: checkpoint.dModel,
    mlpWidth: mlp.down.inputs,
    heads: attention.heads,
    kvHeads: attention.kvHeads,
    headDim: attention.headDim,
    vocabulary: checkpoint.vocabSize,
    contextLength: checkpoint.contextLength,
    parameters: checkpoint.parameters,
    dtype: checkpoint.dtype,
    weightBytes: (await Promise.all(checkpoint.weightFiles.map(async (file) => (await stat(file)).size))).reduce((sum, size) => sum + size, 0),
    bosTokenId: checkpoint.bosTokenId,
    eosTokenIds: checkpoint.eosTokenIds,
    hookpoints: listHookpoints(spec),
    unsupported: [...(await missingParts(checkpoint.dir)), ...unreadTensors(checkpoint)],
  };
}

/** What generation needs beside the weights and the folder lacks. */
async function missingParts(dir: string): Promise<string[]> {
  const sentences: string[] = [];
  for (const [what, open] of [
    ['Text prompts', () => openTokenizer(dir)],
    ['Chat', () => readTemplate(dir)],
  ] as const) {
    try {
      await open();
    } catch (error) {
      if (!isAppError(error)) throw error;
      sentences.push(`${what}: ${error.message}`);
    }
  }
  return sentences;
}

function unreadTensors({ unread }: Checkpoint): string[] {
  if (unread.length === 0) return [];
  const more = unread.length > 8 ? `, and ${unread.length - 8} more` : '';
  return [`Tensors that nothing reads: ${unread.slice(0, 8).join(', ')}${more}.`];
}
