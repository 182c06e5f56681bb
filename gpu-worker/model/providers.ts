import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '#lib/errors/app-error.ts';
import type { DeviceChoice } from '#platform/environment/environment.ts';
import { runtimeBackends, runtimeFolder, type Device } from './onnx.ts';

/** Whether a device can be computed on here, and why (not), in a sentence. */
export interface ProviderState {
  device: Device;
  usable: boolean;
  why: string;
}

/** What decides that, apart from the machine for tests. */
export interface ProviderFacts {
  /** Backends the runtime was built with. */
  backends: readonly string[];
  /** Whether the runtime's CUDA library, fetched apart, lies beside it. */
  cudaLibrary: boolean;
  /** Whether an NVIDIA driver has made its device. */
  nvidiaDevice: boolean;
}

const INSTALL = 'ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node --ignore-scripts=false';
const CUDA_LIBRARIES = ['libonnxruntime_providers_cuda.so', 'onnxruntime_providers_cuda.dll'];
const NVIDIA_DEVICES = ['/dev/nvidia0', '/dev/dxg', 'C:\\Windows\\System32\\nvcuda.dll'];

/** The facts of this machine. */
export function providerFacts(): ProviderFacts {
  const folder = runtimeFolder();
  return {
    backends: runtimeBackends(),
    cudaLibrary: CUDA_LIBRARIES.some((name) => existsSync(join(folder, name))),
    nvidiaDevice: NVIDIA_DEVICES.some((path) => existsSync(path)),
  };
}

/** Every device with its state, the CPU first. */
export function providerStates({ backends, cudaLibrary, nvidiaDevice }: ProviderFacts): ProviderState[] {
  const built = (device: Device): boolean => backends.includes(device);
  const cuda = !built('cuda')
    ? 'this build of the runtime has no CUDA'
    : !cudaLibrary
      ? `the runtime's CUDA library is not installed (${INSTALL})`
      : !nvidiaDevice
        ? 'no NVIDIA device is visible'
        : null;
  return [
    { device: 'cpu', usable: true, why: 'always there' },
    { device: 'cuda', usable: cuda === null, why: cuda ?? 'library and device are there' },
    {
      device: 'webgpu',
      usable: built('webgpu'),
      why: built('webgpu') ? 'built in; whether there is a GPU that it can use shows when it is opened' : 'this build of the runtime has no WebGPU',
    },
  ];
}

/**
 * The device to compute on. `auto` is CUDA where it is usable, else the CPU, and never WebGPU: that one has to be asked
 * for, as only opening it tells whether there is a GPU behind it and not an emulation. Throws AppError 'unsupported'
 * for a device that is not usable here, with the reason.
 */
export function chooseDevice(choice: DeviceChoice, states: readonly ProviderState[]): Device {
  const state = (device: Device): ProviderState | undefined => states.find((candidate) => candidate.device === device);
  if (choice === 'auto') return state('cuda')?.usable === true ? 'cuda' : 'cpu';
  const found = state(choice);
  if (found?.usable === true) return choice;
  throw new AppError('unsupported', `ATLAS_DEVICE=${choice} cannot be used: ${found?.why ?? 'it is not known'}. Set it to cpu or auto.`, {
    field: 'ATLAS_DEVICE',
  });
}

/** The device of this machine for a choice. */
export function deviceFor(choice: DeviceChoice): Device {
  return chooseDevice(choice, providerStates(providerFacts()));
}
