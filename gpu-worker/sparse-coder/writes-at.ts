import type { SparseCoder } from './coder.ts';

/**
 * Where a coder's reconstruction belongs when it reads at `hookpoint`: there, unless its own files say that it writes
 * elsewhere (a transcoder) and this is where they say it reads.
 */
export function writesAt({ inputHookpoints, outputHookpoints }: Pick<SparseCoder, 'inputHookpoints' | 'outputHookpoints'>, hookpoint: string): string {
  return inputHookpoints[0] === hookpoint ? (outputHookpoints[0] ?? hookpoint) : hookpoint;
}
