import type { Latents } from './latents.ts';

/** Active latents as a list, sorted by row, position, latent; four arrays [active]. */
export interface LatentList {
  row: Uint32Array;
  position: Uint32Array;
  latent: Uint32Array;
  /** Activations, all above 0. */
  value: Float32Array;
}

/** The active latents of consecutive tokens, the first of which is number `firstToken` of rows of `length` tokens. */
export function latentList({ indices, values, k }: Latents, firstToken: number, length: number): LatentList {
  const active = values.reduce((count, value) => count + (value > 0 ? 1 : 0), 0);
  const list: LatentList = {
    row: new Uint32Array(active),
    position: new Uint32Array(active),
    latent: new Uint32Array(active),
    value: new Float32Array(active),
  };
  let n = 0;
  for (let token = 0; token * k < values.length; token++) {
    const places: number[] = [];
    for (let i = token * k; i < (token + 1) * k; i++) if (values[i]! > 0) places.push(i);
    places.sort((a, b) => indices[a]! - indices[b]!);
    for (const place of places) {
      list.row[n] = Math.floor((firstToken + token) / length);
      list.position[n] = (firstToken + token) % length;
      list.latent[n] = indices[place]!;
      list.value[n] = values[place]!;
      n++;
    }
  }
  return list;
}
