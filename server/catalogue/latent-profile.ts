import type { Pool } from 'pg';
import { type LatentNeighboursView, type LatentProfileView, type ShownNeighbour, type StoredProfile, storedProfileSchema } from '#lib/latent/profile.ts';
import { notShown } from '#platform/database/withheld.ts';

interface NeighbourRow {
  index: number;
  explanation: string | null;
}

/**
 * A latent's stored profile with what its neighbours' own pages say: their explanations, without those that a takedown
 * withholds. Null where no run has profiled the latent, or one of a version that is not read here any more.
 */
export async function shownProfile(pool: Pool, coderId: string, stored: unknown): Promise<LatentProfileView | null> {
  const profile = storedProfileSchema.safeParse(stored).data;
  if (profile === undefined) return null;
  const { rows } = await pool.query<NeighbourRow>(
    `select l.index, case when w.withheld is not true then l.headline_text end as explanation from latents l
     left join lateral (select ${notShown('x')} as withheld from explanations x where x.coder_id = l.coder_id and x.id = l.headline_explanation_id) w on true
     where l.coder_id = $1 and l.index = any($2)`,
    [coderId, neighbourIndexes(profile)],
  );
  const pages = new Map(rows.map((row) => [row.index, row]));
  return { ...profile, neighbours: withPages(profile.neighbours, pages) };
}

function neighbourIndexes({ neighbours: { coOccurrence, decoder, encoder } }: StoredProfile): number[] {
  return [...new Set([coOccurrence, decoder, encoder].flatMap((kind) => kind?.nearest.map(({ index }) => index) ?? []))];
}

function withPages({ coOccurrence, decoder, encoder }: StoredProfile['neighbours'], pages: ReadonlyMap<number, NeighbourRow>): LatentNeighboursView {
  const shown = ({ nearest }: { nearest: { index: number; similarity: number }[] }): { nearest: ShownNeighbour[] } => ({
    nearest: nearest.map((near) => ({ ...near, explanation: pages.get(near.index)?.explanation ?? null, hasPage: pages.has(near.index) })),
  });
  return { coOccurrence: { ...coOccurrence, ...shown(coOccurrence) }, decoder: decoder && shown(decoder), encoder: encoder && shown(encoder) };
}
