import { handleOpenApi } from '#server/http/openapi-endpoint.ts';
import { serve } from '#server/http/serve.ts';

/** Made when asked for: the site's address is known at run time only. */
export const dynamic = 'force-dynamic';

export function GET(request: Request): Promise<Response> {
  return serve(request, handleOpenApi);
}
