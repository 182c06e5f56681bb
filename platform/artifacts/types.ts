/**
 * Content-addressed files that stages hand to one another. A key is a relative path of safe segments,
 * e.g. `rows/3fa9…/rows.bin`. Writing is atomic: a reader sees a whole artifact or none.
 */
export interface ArtifactStore {
  has(key: string): Promise<boolean>;
  /** Throws AppError `not_found` naming the key, `corrupt_file` when the checksum differs. */
  read(key: string): Promise<Buffer>;
  /** Bytes [offset, offset + length) without reading the rest. */
  readRange(key: string, offset: number, length: number): Promise<Buffer>;
  write(key: string, bytes: Uint8Array | AsyncIterable<Uint8Array>): Promise<void>;
  delete(key: string): Promise<void>;
}
