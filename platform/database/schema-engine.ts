import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum, type SqlQuery, type SqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils';
import type * as Runtime from '@prisma/schema-engine-wasm/schema_engine_bg';
import type { Pool } from 'pg';

/** One instance a process: the glue code keeps it in a variable of its own, and a second one breaks the first. */
let runtime: Promise<typeof Runtime> | null = null;

/**
 * Prisma's schema engine as WebAssembly from npm, over a `pg` connection: what `prisma migrate` does, without the
 * binary that its command line would download. `schema` is the text of schema.prisma.
 */
export async function openSchemaEngine(pool: Pool, schema: string): Promise<Runtime.SchemaEngine> {
  runtime ??= loadRuntime();
  const { SchemaEngine } = await runtime;
  const adapter = bindMigrationAwareSqlAdapterFactory(new EngineAdapterFactory(pool));
  return SchemaEngine.new({ datamodels: [['schema.prisma', schema]] }, () => undefined, adapter);
}

async function loadRuntime(): Promise<typeof Runtime> {
  // The package's own entry imports the .wasm file as a module, which Node 20 does only behind a flag.
  const entry = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg');
  const glue = await import('@prisma/schema-engine-wasm/schema_engine_bg');
  const bytes = readFileSync(path.join(path.dirname(entry), 'schema_engine_bg.wasm'));
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': { ...glue } as unknown as WebAssembly.ModuleImports });
  glue.__wbg_set_wasm(instance.exports);
  const start = instance.exports['__wbindgen_start'];
  if (typeof start !== 'function') throw new Error('@prisma/schema-engine-wasm has no __wbindgen_start; its version does not fit');
  start();
  // Where the engine's Rust code leaves its last words before it traps.
  Object.assign(globalThis, {
    PRISMA_WASM_PANIC_REGISTRY: {
      set_message: (message: string) => {
        throw new Error(`Prisma's schema engine panicked: ${message}`);
      },
    },
  });
  return glue;
}

/** The adapter as the schema engine needs it, with two gaps filled. */
class EngineAdapterFactory extends PrismaPg implements SqlMigrationAwareDriverAdapterFactory {
  override async connect() {
    return fillGaps(await super.connect());
  }

  override async connectToShadowDb() {
    return fillGaps(await super.connectToShadowDb());
  }
}

type Adapter = Awaited<ReturnType<PrismaPg['connect']>>;
interface Answers {
  performIO(query: SqlQuery): Promise<{ fields: { dataTypeID: number }[] }>;
  /** Throws PostgreSQL's error in the form the engine understands. */
  onError(error: unknown): never;
}

const CHAR_OID = 18;
const BPCHAR_OID = 1042;

function fillGaps(adapter: Adapter): Adapter {
  const answers = adapter as unknown as Answers;
  // It cuts scripts at every semicolon, also inside function bodies and comments. PostgreSQL takes a script whole,
  // and then runs it as one transaction: a migration that fails leaves nothing behind.
  adapter.executeScript = async (script) => {
    try {
      await adapter.underlyingDriver().query(script);
    } catch (error) {
      answers.onError(error);
    }
  };
  // It does not know the type "char" of the system catalogues, which comparing a live database with the schema reads:
  // let it take such columns for text, and call them characters afterwards.
  const charColumns = new WeakMap<SqlQuery, number[]>();
  const performIO = answers.performIO.bind(adapter);
  answers.performIO = async (query) => {
    const answer = await performIO(query);
    const columns = answer.fields.flatMap((field, column) => (field.dataTypeID === CHAR_OID ? [column] : []));
    charColumns.set(query, columns);
    for (const column of columns) answer.fields[column]!.dataTypeID = BPCHAR_OID;
    return answer;
  };
  const queryRaw = adapter.queryRaw.bind(adapter);
  adapter.queryRaw = async (query) => {
    const result = await queryRaw(query);
    for (const column of charColumns.get(query) ?? []) result.columnTypes[column] = ColumnTypeEnum.Character;
    return result;
  };
  return adapter;
}
