import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readManifest } from '#gpu-worker/catalogue/manifest.ts';
import { registerBundled, registerCoder, registerModel } from '#gpu-worker/catalogue/register.ts';
import { withDatabase } from '#tests/integration/with-database.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const NARROW = path.join(ROOT, 'tests/golden/coders/sparsify-groupmax/coder/layers.2.mlp');

const db = await withDatabase();

describe('registering', () => {
  it('enters what is bundled, and twice is once', async () => {
    const manifest = await readManifest(path.join(ROOT, 'models/catalogue.json'));
    await registerBundled(db.pool, manifest);
    await registerBundled(db.pool, manifest);
    const { rows } = await db.pool.query('SELECT (SELECT count(*)::int FROM models) AS models, (SELECT count(*)::int FROM sparse_coders) AS coders');
    expect(rows).toEqual([{ models: 1, coders: 6 }]);
  });

  it('refuses a coder that does not fit its model, and enters nothing', async () => {
    const model = await registerModel(db.pool, { slug: 'm', name: 'm', location: path.join(ROOT, 'models/presidents-4m') });
    await expect(registerCoder(db.pool, model, { slug: 'narrow', name: 'narrow', location: NARROW })).rejects.toMatchObject({
      code: 'shape_mismatch',
      field: 'coder',
      message: 'The coder reads vectors of width 48, but layers.2.mlp.out of presidents-4m has width 256.',
    });
    expect((await db.pool.query(`SELECT 1 FROM sparse_coders WHERE slug = 'narrow'`)).rowCount).toBe(0);
  });
});
