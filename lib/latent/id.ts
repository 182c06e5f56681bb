/** Where a latent lives. */
export interface LatentPlaceParts {
  model: string;
  coder: string;
  index: number;
}

/** The id people paste: `presidents-4m@layers.2:1204`. */
export function latentId({ model, coder, index }: LatentPlaceParts): string {
  return `${model}@${coder}:${index}`;
}

/** Reads a pasted id, with spaces around it; null for anything else. */
export function parseLatentId(text: string): LatentPlaceParts | null {
  const match = /^([\w.-]+)@([\w.-]+):(\d{1,9})$/.exec(text.trim());
  return match === null ? null : { model: match[1] as string, coder: match[2] as string, index: Number(match[3]) };
}
