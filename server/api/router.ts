import { adminKeysRouter, adminUsersRouter } from '#server/auth/router.ts';
import { catalogueRouter, codersRouter, latentsRouter, modelsRouter } from '#server/catalogue/router.ts';
import { adminRunsRouter, runsRouter } from '#server/runs/router.ts';
import { searchRouter } from '#server/search/router.ts';
import { createCallerFactory, router } from './trpc.ts';

/** Everything the site can do for somebody, over tRPC, REST and directly from its pages. */
export const appRouter = router({
  catalogue: catalogueRouter,
  models: modelsRouter,
  coders: codersRouter,
  latents: latentsRouter,
  search: searchRouter,
  runs: runsRouter,
  admin: router({ runs: adminRunsRouter, users: adminUsersRouter, keys: adminKeysRouter }),
});

export type AppRouter = typeof appRouter;

export const createCaller = createCallerFactory(appRouter);
export type ApiCaller = ReturnType<typeof createCaller>;
