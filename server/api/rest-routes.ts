import { z } from 'zod';
import { AppError } from '#lib/errors/app-error.ts';
import type { ProcedureFacts } from './procedures.ts';
import type { ProcedureMeta } from './trpc.ts';

type Method = NonNullable<ProcedureMeta['openapi']>['method'];

/** One REST operation: the procedure behind it, and how its path and query become the procedure's input. */
export interface RestRoute {
  method: Method;
  pattern: RegExp;
  /** Dotted name of the procedure. */
  procedure: string;
  /** The input's fields, and whether one may come several times. */
  fields: ReadonlyMap<string, 'one' | 'many'>;
  writes: boolean;
}

/** The REST operations of a router: its procedures that say in their meta where they are found. */
export function restRoutes(procedures: Record<string, ProcedureFacts>): RestRoute[] {
  return Object.entries(procedures).flatMap(([name, procedure]) => {
    const openapi = procedure._def.meta?.openapi;
    if (openapi === undefined) return [];
    return [
      {
        method: openapi.method,
        pattern: new RegExp(`^${openapi.path.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`),
        procedure: name,
        fields: fieldsOf(procedure._def.inputs[0]),
        writes: procedure._def.type === 'mutation',
      },
    ];
  });
}

function fieldsOf(input: unknown): ReadonlyMap<string, 'one' | 'many'> {
  if (!(input instanceof z.ZodObject)) return new Map();
  return new Map(Object.entries(input.shape).map(([name, schema]) => [name, isList(schema) ? 'many' : 'one']));
}

function isList(schema: unknown): boolean {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodNullable) return isList(schema.unwrap());
  return schema instanceof z.ZodArray;
}

/** The route for a request, with its path parameters decoded; or the methods that this path has instead; or null. */
export function matchRoute(
  routes: readonly RestRoute[],
  method: string,
  path: string,
): { route: RestRoute; params: Record<string, string> } | { allow: string[] } | null {
  const allow = new Set<string>();
  for (const route of routes) {
    const match = route.pattern.exec(path);
    if (match === null) continue;
    if (route.method === method || (method === 'HEAD' && route.method === 'GET')) {
      return { route, params: Object.fromEntries(Object.entries(match.groups ?? {}).map(([name, value]) => [name, decode(name, value)])) };
    }
    allow.add(route.method);
    if (route.method === 'GET') allow.add('HEAD');
  }
  return allow.size === 0 ? null : { allow: [...allow] };
}

function decode(name: string, value: string): string {
  try {
    return decodeURIComponent(value);
  } catch (cause) {
    throw new AppError('bad_request', `${name}: is not a well-formed part of an address.`, { field: name, cause });
  }
}

/**
 * The procedure's input from path and query. Lists come as repeated names. A name that the procedure does not know and
 * one given twice without being a list are refused by name, so that a misspelt filter is not silently no filter.
 */
export function readQuery(route: RestRoute, params: Record<string, string>, query: URLSearchParams): Record<string, string | string[]> {
  const input: Record<string, string | string[]> = { ...params };
  for (const name of new Set(query.keys())) {
    const kind = name in params ? undefined : route.fields.get(name);
    const values = query.getAll(name);
    if (kind === undefined) {
      const known = [...route.fields.keys()].filter((field) => !(field in params));
      throw new AppError('bad_request', `“${name}” is not a parameter of this; it takes ${known.length === 0 ? 'none' : known.join(', ')}.`, { field: name });
    }
    if (kind === 'one' && values.length > 1) throw new AppError('bad_request', `“${name}” may be given once only.`, { field: name });
    input[name] = kind === 'many' ? values : values[0]!;
  }
  return input;
}
