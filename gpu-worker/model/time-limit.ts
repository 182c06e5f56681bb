import { createContext, Script, type Context } from 'node:vm';

let context: Context | undefined;
const script = new Script('work()');

/** Thrown by `withinTime`. */
export class OutOfTime extends Error {}

/**
 * Runs synchronous work and stops it when it takes longer than `ms`, a regular expression that tries ever more ways to
 * match included: V8 looks for a stop request at every step back. Costs some 0.1 ms a call (a watching thread). Throws
 * `OutOfTime`, or what the work throws.
 */
export function withinTime<T>(ms: number, work: () => T): T {
  context ??= createContext({ work: null });
  let result: { value: T } | undefined;
  context['work'] = (): void => {
    result = { value: work() };
  };
  try {
    script.runInContext(context, { timeout: Math.max(1, Math.ceil(ms)) });
  } catch (error) {
    // The error belongs to the context, whose Error is not ours.
    if (error !== null && typeof error === 'object' && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT')
      throw new OutOfTime(`It took longer than ${Math.ceil(ms)} ms.`);
    throw error;
  } finally {
    context['work'] = null;
  }
  return result!.value;
}
