import { streamRun } from '#server/http/run-streams.ts';
import { serve } from '#server/http/serve.ts';

export async function GET(request: Request, { params }: { params: Promise<{ run: string }> }): Promise<Response> {
  const { run } = await params;
  return serve(request, (server) => streamRun(server, request, run));
}
