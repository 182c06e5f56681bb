const SITES: readonly (readonly [RegExp, string])[] = [
  [/^blocks\.(\d+)\.hook_resid_post$/, ''],
  [/^blocks\.(\d+)\.hook_mlp_out$/, '.mlp'],
  [/^blocks\.(\d+)\.hook_attn_out$/, '.attn'],
  [/^blocks\.(\d+)\.(?:hook_mlp_in|ln2\.hook_normalized)$/, '.mlp.in'],
  [/^blocks\.(\d+)\.mlp\.hook_post$/, '.mlp.neurons'],
  [/^blocks\.(\d+)\.attn\.hook_z$/, '.attn.z'],
];

/**
 * The common name of a hookpoint in SAELens's (TransformerLens's) naming, or null when it names none of ours. The
 * stream that enters block N is the one that leaves block N - 1.
 */
export function fromSaeLensName(name: string): string | null {
  if (name === 'hook_embed') return 'embed';
  const before = /^blocks\.(\d+)\.hook_resid_pre$/.exec(name);
  if (before) return before[1] === '0' ? 'embed' : `layers.${Number(before[1]) - 1}`;
  for (const [pattern, site] of SITES) {
    const match = pattern.exec(name);
    if (match) return `layers.${Number(match[1])}${site}`;
  }
  return null;
}
