import { readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ACTIONS } from '#server/access/policy.ts';
import { allProcedures } from '#server/api/procedures.ts';
import { PROCEDURES, ROUTES } from '#tests/e2e/expected-access.ts';

const APP = path.resolve(import.meta.dirname, '../../app');

test('every procedure is listed with who may do it, and the policy says the same', () => {
  const actual = Object.entries(allProcedures()).map(([name, { _def }]) => {
    const { action, openapi } = _def.meta ?? {};
    return [name, { access: action === undefined ? 'undecided' : ACTIONS[action], method: openapi?.method, path: openapi?.path }];
  });
  expect(Object.fromEntries(actual)).toEqual(PROCEDURES);
});

test('every page, route and form of the site is listed with who may see it', () => {
  const answering = readdirSync(APP, { recursive: true, encoding: 'utf8' }).filter((file) => /(^|\/)(page\.tsx|route\.ts|actions\.ts)$/.test(file));
  expect(answering.sort()).toEqual(Object.keys(ROUTES).sort());
});
