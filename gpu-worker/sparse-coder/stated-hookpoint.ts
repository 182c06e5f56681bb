/** Common hookpoint names; null where the files do not say. */
export interface StatedHookpoints {
  input: string | null;
  output: string | null;
}

const STREAM = /^(?:layers|h)\.(\d+)$/;
const MLP = /^(?:layers|h)\.(\d+)\.mlp$/;
const ATTENTION = /^(?:layers\.(\d+)\.(?:self_attn|attention)|h\.(\d+)\.attn)$/;
const EMBEDDING = /^(?:embed_tokens|wte|embed_in)$/;

/**
 * The hookpoints a sparsify (or delphi) folder name states. It names a module inside the headless model: the coder
 * reads that module's output, or with `transcode` its input.
 */
export function sparsifyHookpoint(name: string, transcode: boolean): StatedHookpoints {
  const stream = STREAM.exec(name);
  if (stream) return same(`layers.${stream[1]}`);
  const mlp = MLP.exec(name);
  if (mlp) return transcode ? { input: `layers.${mlp[1]}.mlp.in`, output: `layers.${mlp[1]}.mlp.out` } : same(`layers.${mlp[1]}.mlp.out`);
  const attention = ATTENTION.exec(name);
  if (attention) return same(`layers.${attention[1] ?? attention[2]}.attn.out`);
  return EMBEDDING.test(name) ? same('embed') : { input: null, output: null };
}

function same(hookpoint: string): StatedHookpoints {
  return { input: hookpoint, output: hookpoint };
}
