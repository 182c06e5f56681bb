import type { Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, type AsyncBuffer, type FileMetaData } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { AppError, errorMessage } from '#lib/errors/app-error.ts';
import { USUAL_COLUMNS, type DocumentPool } from './document.ts';
import { readColumn } from './read-column.ts';

/** A row group: its rows are decoded together, so it is a pool of its own, opened when its turn comes. */
export interface ParquetGroup {
  count: number;
  letters: number;
  open(): Promise<DocumentPool>;
}

/**
 * The row groups of a Parquet file; documents are known as `<name>:<row>`. Only the column meant is decoded, one group
 * at a time. The file goes into `hash`, where there is one. Throws AppError 'corrupt_file', or 'invalid_config' for a column it lacks.
 */
export async function openParquet(path: string, name: string, column: string | null, hash: Hash | null): Promise<ParquetGroup[]> {
  if (hash !== null) for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  let file: AsyncBuffer;
  let metadata: FileMetaData;
  try {
    file = await asyncBufferFromFile(path);
    metadata = await parquetMetadataAsync(file);
  } catch (cause) {
    throw new AppError('corrupt_file', `${path} is not a sound Parquet file: ${errorMessage(cause)}`, { cause, field: 'text' });
  }
  const columns = topColumns(metadata);
  const chosen = column ?? USUAL_COLUMNS.find((usual) => columns.includes(usual));
  if (chosen === undefined || !columns.includes(chosen))
    throw new AppError('invalid_config', `${path} has no column ${column ?? USUAL_COLUMNS.join(', ')}; it has ${columns.join(', ')}: name one with ?column=…`, {
      field: 'text',
    });
  let first = 0;
  return metadata.row_groups.map((group) => {
    const rowStart = first;
    const count = Number(group.num_rows);
    first += count;
    const letters = group.columns
      .filter(({ meta_data: meta }) => meta?.path_in_schema[0] === chosen)
      .reduce((sum, { meta_data: meta }) => sum + Number(meta?.total_uncompressed_size ?? 0), 0);
    const open = async (): Promise<DocumentPool> => {
      let rows: Record<string, unknown>[];
      try {
        rows = await parquetReadObjects({ file, metadata, compressors, columns: [chosen], rowStart, rowEnd: rowStart + count });
      } catch (cause) {
        throw new AppError('corrupt_file', `Rows ${rowStart + 1} to ${rowStart + count} of ${path} cannot be read: ${errorMessage(cause)}`, {
          cause,
          field: 'text',
        });
      }
      return { count, letters, read: (index) => Promise.resolve(readColumn(rows[index], chosen, `${name}:${rowStart + index + 1}`)) };
    };
    return { count, letters, open };
  });
}

/** The columns as a reader names them, nested ones by their outermost part. */
function topColumns({ schema }: FileMetaData): string[] {
  const names: string[] = [];
  for (let i = 1; i < schema.length; i = after(schema, i)) names.push(schema[i]!.name);
  return names;
}

/** The place behind an element and all that it contains. */
function after(schema: FileMetaData['schema'], i: number): number {
  let next = i + 1;
  for (let child = 0; child < (schema[i]?.num_children ?? 0); child++) next = after(schema, next);
  return next;
}
