import { appRouter } from './router.ts';
import type { ProcedureMeta } from './trpc.ts';

/** What is asked of a procedure without calling it. */
export interface ProcedureFacts {
  _def: { meta?: ProcedureMeta; inputs: unknown[]; type: 'query' | 'mutation' | 'subscription' };
}

/** Every procedure by its dotted name. tRPC keeps them flat at run time while its types show the tree; hence the cast, here only. */
export function allProcedures(): Record<string, ProcedureFacts> {
  return appRouter._def.procedures as unknown as Record<string, ProcedureFacts>;
}
