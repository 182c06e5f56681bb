import { handleRest } from '#server/api/rest.ts';
import { serve } from '#server/http/serve.ts';

const answer = (request: Request): Promise<Response> => serve(request, handleRest);

export { answer as DELETE, answer as GET, answer as HEAD, answer as OPTIONS, answer as PATCH, answer as POST, answer as PUT };
