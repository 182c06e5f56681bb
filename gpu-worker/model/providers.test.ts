import { expect, test } from 'vitest';
import { chooseDevice, providerStates } from './providers.ts';

const backends = ['cpu', 'webgpu', 'cuda'];
const gpuHost = providerStates({ backends, cudaLibrary: true, nvidiaDevice: true });

test('auto takes CUDA where library and device are there, the CPU everywhere else, WebGPU never', () => {
  expect(chooseDevice('auto', gpuHost)).toBe('cuda');
  expect(chooseDevice('auto', providerStates({ backends, cudaLibrary: false, nvidiaDevice: true }))).toBe('cpu');
  expect(chooseDevice('auto', providerStates({ backends, cudaLibrary: true, nvidiaDevice: false }))).toBe('cpu');
  expect(chooseDevice('auto', providerStates({ backends: ['cpu', 'webgpu'], cudaLibrary: false, nvidiaDevice: false }))).toBe('cpu');
});

test('what is asked for is used, or refused with what is missing', () => {
  for (const device of ['cpu', 'cuda', 'webgpu'] as const) expect(chooseDevice(device, gpuHost)).toBe(device);
  expect(() => chooseDevice('cuda', providerStates({ backends, cudaLibrary: false, nvidiaDevice: true }))).toThrow(
    /CUDA library is not installed.*ONNXRUNTIME_NODE_INSTALL/,
  );
  expect(() => chooseDevice('cuda', providerStates({ backends, cudaLibrary: true, nvidiaDevice: false }))).toThrow(/no NVIDIA device/);
  expect(() => chooseDevice('webgpu', providerStates({ backends: ['cpu'], cudaLibrary: false, nvidiaDevice: false }))).toThrow(/no WebGPU/);
});
