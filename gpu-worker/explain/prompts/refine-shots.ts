import type { Marked } from './highlight.ts';

/** A worked refinement. */
export interface RefineShot {
  firing: readonly Marked[];
  before: string;
  missed: readonly Marked[];
  mistaken: readonly string[];
  notes: string;
  explanation: string;
}

/** Our own. Part of the template: a change here is a new `REFINE_TEMPLATE`. */
export const REFINE_SHOTS: readonly RefineShot[] = [
  {
    firing: [
      { text: 'the «keel» was laid in March, and by August her «hull» stood', listed: [{ token: 'keel', strength: 10 }, { token: 'hull', strength: 8 }] },
      { text: 'a crack ran along the «mast» from the foot to the', listed: [{ token: 'mast', strength: 9 }] },
    ],
    before: 'Ships and seafaring',
    missed: [{ text: 'the «wing» spar had to be replaced, and one «rudder» pedal', listed: [{ token: 'wing', strength: 4 }, { token: 'rudder', strength: 5 }] }],
    mistaken: ['for three weeks the crew saw no land, and the captain', 'the harbour of Lisbon was crowded with merchants from'],
    notes:
      'It is active on keel, hull, mast and also on wing and rudder of an aeroplane, so it is wider than ships: parts of the structure of a craft. It is silent where a voyage or a harbour is told without such a part, so it is narrower than seafaring.',
    explanation: 'Structural parts of a vessel or aircraft: keel, hull, mast, wing, rudder; not voyages, crews or harbours',
  },
]; // prettier-ignore
