import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import { errorMessage } from '#lib/errors/app-error.ts';
import type { DeviceChoice } from '#platform/environment/environment.ts';
import { memoryBudget, nvidiaGpus, type Gpu } from './memory-budget.ts';
import { runtimeVersion, type Device } from './onnx.ts';
import { chooseDevice, providerFacts, providerStates, type ProviderState } from './providers.ts';

/** What matters for running models on this machine. */
export interface MachineReport {
  node: string;
  platform: string;
  /** `features`: the vector instructions that the runtime's kernels choose between; `threads`: what would be used. */
  cpu: { model: string; cores: number; threads: number; features: string[] };
  memory: { totalBytes: number; freeBytes: number; batchBytes: number };
  gpus: Gpu[];
  runtime: string;
  providers: ProviderState[];
  /** `used` is null when what is asked for cannot be; `why` says so. */
  device: { asked: DeviceChoice; used: Device | null; why: string };
}

const FEATURES = [
  'sse4_1',
  'avx',
  'f16c',
  'fma',
  'avx2',
  'avx_vnni',
  'avx512f',
  'avx512_vnni',
  'avx512_bf16',
  'avx512_fp16',
  'amx_tile',
  'amx_bf16',
  'asimd',
  'asimdhp',
  'sve',
  'bf16',
  'i8mm',
];

export function inspectMachine({ device, threads }: { device: DeviceChoice; threads: number | null }): MachineReport {
  const providers = providerStates(providerFacts());
  const chosen = choose(device, providers);
  return {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpu: { model: cpus()[0]?.model.trim() ?? 'unknown', cores: availableParallelism(), threads: threads ?? availableParallelism(), features: cpuFeatures() },
    memory: { totalBytes: totalmem(), freeBytes: freemem(), batchBytes: memoryBudget(chosen.used ?? 'cpu') },
    gpus: nvidiaGpus(),
    runtime: runtimeVersion(),
    providers,
    device: { asked: device, ...chosen },
  };
}

function choose(choice: DeviceChoice, providers: readonly ProviderState[]): { used: Device | null; why: string } {
  try {
    const used = chooseDevice(choice, providers);
    return { used, why: providers.find(({ device }) => device === used)?.why ?? '' };
  } catch (error) {
    return { used: null, why: errorMessage(error) };
  }
}

/** As Linux lists them; none elsewhere. */
function cpuFeatures(): string[] {
  let text: string;
  try {
    text = readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return [];
  }
  const flags = new Set(/^(?:flags|Features)\s*:(.*)$/m.exec(text)?.[1]?.split(/\s+/));
  return FEATURES.filter((feature) => flags.has(feature));
}
