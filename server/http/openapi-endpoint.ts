import { openApiDocument } from '#server/api/openapi.ts';
import type { Server } from '#server/context.ts';
import { VERSION } from '#server/version.ts';

/** Answers /api/v1/openapi.json; readable from any site, as tools in a browser do. */
export async function handleOpenApi(server: Server): Promise<Response> {
  return Response.json(openApiDocument(server.environment.siteUrl, VERSION), {
    headers: { 'access-control-allow-origin': '*', 'cache-control': 'public, max-age=300' },
  });
}
