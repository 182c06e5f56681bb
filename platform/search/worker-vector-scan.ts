import { float32ToText } from '#lib/bytes/float32-text.ts';
import { type NearestRequest, nearestResponseSchema } from '#lib/worker-api/schema.ts';
import type { WorkerClient } from '#platform/worker/worker-client.ts';
import type { VectorScan } from './types.ts';

/** The worker's vector scan, asked over HTTP. `timeoutMs`: longest a search waits for meaning before it goes by words. */
export function createWorkerVectorScan(client: WorkerClient, { timeoutMs }: { timeoutMs: number }): VectorScan {
  return {
    nearest: async (vector, k, coderIds) => {
      const request: NearestRequest = { vector: float32ToText(vector), k, coderIds };
      return (await client.post('/nearest', request, nearestResponseSchema, timeoutMs)).hits;
    },
  };
}
