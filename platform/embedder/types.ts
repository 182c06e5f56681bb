/** Turns texts into unit vectors. The bundled model lives in the worker; this is what everybody else sees of it. */
export interface EmbedderClient {
  readonly id: string;
  readonly dimensions: number;
  /** One unit vector a text. Throws AppError `worker_unavailable` when nothing answers within the time given. */
  embed(texts: string[], options?: { timeoutMs?: number }): Promise<Float32Array[]>;
}
