/** What is known of an artifact without reading it. */
export interface ArtifactFacts {
  /** Length of the content. */
  bytes: number;
  /** SHA-256 of the content, in hex, as it was when written. */
  sha256: string;
}

/** An artifact held open, for many ranged reads. */
export interface OpenArtifact {
  bytes: number;
  /**
   * Bytes [offset, offset + length), in the memory given where there is some, which must hold them. Throws AppError
   * `bad_request` for a range outside, `corrupt_file` when the file ends early.
   */
  read(offset: number, length: number, into?: Buffer): Promise<Buffer>;
  close(): Promise<void>;
}

/**
 * Content-addressed files that stages hand to one another. A key is a relative path of safe segments,
 * e.g. `rows/3fa9…/rows.bin`. Writing is atomic: a reader sees a whole artifact or none. Keys that end in `.json` are
 * stored as they are, for people and other tools; all else carries its checksum.
 */
export interface ArtifactStore {
  has(key: string): Promise<boolean>;
  /** Null when there is no such artifact. */
  facts(key: string): Promise<ArtifactFacts | null>;
  /** Throws AppError `not_found` naming the key, `corrupt_file` when the checksum differs. */
  read(key: string): Promise<Buffer>;
  /** Bytes [offset, offset + length) without reading the rest; the checksum is not looked at. */
  readRange(key: string, offset: number, length: number): Promise<Buffer>;
  /** Throws AppError `not_found` naming the key. */
  open(key: string): Promise<OpenArtifact>;
  /**
   * A chunk must stay as it is until the next but one is taken. Throws AppError `out_of_space` when it does not fit, `upstream_failed` when the storage is not there; then nothing is left of it.
   */
  write(key: string, bytes: Uint8Array | AsyncIterable<Uint8Array>): Promise<ArtifactFacts>;
  /** Writes only where nothing is yet, of any number of writers exactly one: whether it was this one. */
  create(key: string, bytes: Uint8Array): Promise<boolean>;
  /** Keys under a folder, sorted; all without one. */
  list(folder?: string): Promise<string[]>;
  delete(key: string): Promise<void>;
}
