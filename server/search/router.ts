import { searchPageSchema } from '#lib/search/page.ts';
import { searchQuerySchema } from '#lib/search/schema.ts';
import { procedure, router } from '#server/api/trpc.ts';
import { search } from './search.ts';

export const searchRouter = router({
  query: procedure('catalogue.read', {
    method: 'GET',
    path: '/search',
    tags: ['Search'],
    summary: 'Search explanations by meaning and by words',
    description: 'List parameters may be repeated: `?layer=2&layer=3`. Without `q`, everything that passes the filters.',
  })
    .input(searchQuerySchema)
    .output(searchPageSchema)
    .query(({ ctx: { server }, input }) => search(server.pool, server.search, server.queryVectors, input)),
});
