import { serve } from '#server/http/serve.ts';
import { handleTrpc } from '#server/http/trpc-endpoint.ts';

const answer = (request: Request): Promise<Response> => serve(request, handleTrpc);

export { answer as GET, answer as POST };
