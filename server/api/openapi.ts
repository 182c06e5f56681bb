import { generateOpenApiDocument } from 'trpc-to-openapi';
import { z } from 'zod';
import { ACTIONS } from '#server/access/policy.ts';
import { allProcedures } from './procedures.ts';
import { PROBLEM_MEDIA_TYPE, problemSchema } from './problem.ts';
import { REST_BASE } from './rest.ts';
import { appRouter } from './router.ts';

export type OpenApiDocument = ReturnType<typeof generateOpenApiDocument>;

const SECURITY_SCHEMES = {
  apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key', description: 'An API key; an admin makes one at /admin' },
  bearer: { type: 'http', scheme: 'bearer', description: 'The same key as a bearer token' },
} as const;

const REFUSALS = {
  badRequest: { status: '400', description: 'The parameters or the body will not do; `errors` has the fields' },
  unauthorised: { status: '401', description: 'The API key is unknown or was revoked' },
  forbidden: { status: '403', description: 'Only an admin, or an admin’s key with the scope “admin”, may do this' },
  notFound: { status: '404', description: 'There is no such thing; `detail` says what is missing' },
  conflict: { status: '409', description: 'As things stand this cannot be done' },
} as const;

/**
 * The OpenAPI 3.1 document of the REST API, made from the schemas that check its requests and answers. The generator
 * knows neither problem documents nor who may do what; these are put in here.
 */
export function openApiDocument(siteUrl: string, version: string): OpenApiDocument {
  const document = generateOpenApiDocument(asOpenApiRouter(appRouter), {
    title: 'Latent Atlas',
    description:
      'Latents of language models with their explanations, each scored on text it was not explained from. Reading needs no key. Scores come with a 95 % interval and the same score for another latent’s explanation as control.',
    version,
    openApiVersion: '3.1.0',
    baseUrl: new URL(REST_BASE, siteUrl).href,
    securitySchemes: SECURITY_SCHEMES,
    tags: ['Catalogue', 'Latents', 'Search', 'Runs', 'Administration'],
  });
  const schemas = { ...document.components?.schemas, Problem: problemJsonSchema() };
  document.components = { ...document.components, schemas };
  for (const procedure of Object.values(allProcedures())) {
    const { openapi, action } = procedure._def.meta ?? {};
    if (openapi === undefined || action === undefined) continue;
    const operation = document.paths?.[openapi.path]?.[openapi.method.toLowerCase() as 'get' | 'post'];
    if (operation === undefined) continue;
    const guarded = ACTIONS[action] !== 'anyone';
    const refusals = [
      REFUSALS.badRequest,
      REFUSALS.unauthorised,
      ...(guarded ? [REFUSALS.forbidden] : []),
      ...(openapi.path.includes('{') ? [REFUSALS.notFound] : []),
      ...(procedure._def.type === 'mutation' ? [REFUSALS.conflict] : []),
    ];
    operation.responses = {
      200: operation.responses?.['200'],
      ...Object.fromEntries(refusals.map(({ status, description }) => [status, problemAnswer(description)])),
      default: problemAnswer('Any other refusal or failure'),
    };
    // An empty requirement beside the keys: one may be sent, none is needed.
    operation.security = [...(guarded ? [] : [{}]), { apiKey: [] }, { bearer: [] }];
  }
  return document;
}

function problemAnswer(description: string) {
  return { description, content: { [PROBLEM_MEDIA_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } } };
}

function problemJsonSchema() {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(problemSchema, { io: 'output' });
  return schema as NonNullable<NonNullable<OpenApiDocument['components']>['schemas']>[string];
}

/** The generator's type wants metadata of any shape, ours has one; what it reads of them, `openapi`, is of its own type. */
function asOpenApiRouter(router: typeof appRouter): Parameters<typeof generateOpenApiDocument>[0] {
  return router as unknown as Parameters<typeof generateOpenApiDocument>[0];
}
