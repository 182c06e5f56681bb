import { healthResponse } from '#server/health.ts';
import { serve } from '#server/http/serve.ts';

export const dynamic = 'force-dynamic';

export function GET(request: Request): Promise<Response> {
  return serve(request, healthResponse);
}
