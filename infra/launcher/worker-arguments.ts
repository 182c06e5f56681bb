/**
 * How a worker is started. Megabytes of young memory: a call to a language model leaves some hundred kilobytes behind, and
 * with Node's 16 what is still in use is copied so often that it takes a fifth of the worker's time.
 */
export const WORKER_ARGUMENTS: readonly string[] = ['--max-semi-space-size=64', '--import', 'tsx', 'gpu-worker/main.ts'];
