/** What to say is expected of a coder's folder. */
export const CODER_FILES_EXPECTED =
  'cfg.json with sae.safetensors (sparsify) or sae_weights.safetensors (SAELens), params.npz (Gemma Scope), params.safetensors (Gemma Scope 2) or hyperparams.json (Llama Scope)';

/** The layouts of coder folders: a folder that has all of `files` is of that format, tried in this order. */
export const CODER_LAYOUTS = [
  { format: 'sparsify', files: ['cfg.json', 'sae.safetensors'], optional: [] },
  { format: 'saelens', files: ['cfg.json', 'sae_weights.safetensors'], optional: [] },
  { format: 'gemma-scope', files: ['params.npz'], optional: [] },
  { format: 'gemma-scope-2', files: ['params.safetensors'], optional: ['config.json'] },
  { format: 'llama-scope', files: ['hyperparams.json', 'checkpoints/final.safetensors'], optional: [] },
] as const satisfies readonly { format: string; files: readonly string[]; optional: readonly string[] }[];

/** The files that a coder's reader opens, out of the paths below its folder; null when no format is recognised. */
export function coderFiles(paths: readonly string[]): string[] | null {
  const layout = CODER_LAYOUTS.find(({ files }) => files.every((file) => paths.includes(file)));
  return layout ? [...layout.files, ...layout.optional.filter((file) => paths.includes(file))] : null;
}
