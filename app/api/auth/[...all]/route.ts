import { serve } from '#server/http/serve.ts';

const answer = (request: Request): Promise<Response> => serve(request, (server) => server.auth.handler(request));

export { answer as GET, answer as POST };
