/** Numbers as base64 of their little-endian singles: a third of what JSON numbers take, and exact. */
export function float32ToText(values: Float32Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');
}

/** Back again; null when the text is not base64 of whole singles. */
export function textToFloat32(text: string): Float32Array | null {
  const bytes = Buffer.from(text, 'base64');
  // Buffer skips what is not base64, so the length tells whether all of it was.
  if (bytes.length % 4 !== 0 || bytes.toString('base64').replaceAll('=', '') !== text.replaceAll('=', '')) return null;
  // Copied: a pooled buffer may lie at an offset that is not a multiple of four.
  return new Float32Array(Uint8Array.from(bytes).buffer);
}
