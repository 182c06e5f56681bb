/** A description with token lists and what the unit did there, from 0 to 9. */
export interface SimulationShot {
  description: string;
  texts: readonly {
    tokens: readonly (readonly [token: string, activation: number])[];
    /** Tokens at the beginning whose activation is shown as not measured, where values are read off the likelihoods. */
    unmeasured: number;
  }[];
}

const silent = (...tokens: string[]): (readonly [string, number])[] => tokens.map((token) => [token, 0]);

/** Our own: a meaning, a part of a word, and what follows a phrase. Part of the templates: a change here is a new one. */
export const SIMULATION_SHOTS: readonly SimulationShot[] = [
  {
    description: 'Parts of a sailing ship',
    texts: [
      {
        tokens: [...silent('The', ' wind', ' had', ' torn', ' the'), [' main', 6], ['sail', 9], ...silent(' from', ' its'), [' yard', 7], [',', 1], ...silent(' and', ' the', ' cook', ' was', ' ill', '.')],
        unmeasured: 4,
      },
      {
        tokens: [...silent(' sat', ' on', ' the'), [' hatch', 6], ...silent(' with', ' his', ' back', ' to', ' the'), [' fore', 5], ['mast', 9], ...silent(' and', ' counted', ' the', ' gulls')],
        unmeasured: 0,
      },
    ],
  },
  {
    description: 'The ending “-ness” of a noun made from an adjective',
    texts: [
      {
        tokens: [...silent(' with', ' a', ' kind'), ['ness', 9], ...silent(' that', ' nobody', ' in', ' the', ' wild', 'er'), ['ness', 3], ...silent(' expected', ',', ' least', ' of', ' all')],
        unmeasured: 9,
      },
      { tokens: [...silent(' the', ' witness', ' spoke', ' of', ' the', ' dark'), ['ness', 8], ...silent(' in', ' the', ' yard', ' and', ' the', ' open', ' gate')], unmeasured: 3 },
    ],
  },
  {
    description: 'The month in a date of the form “the 5th of May”',
    texts: [
      { tokens: [...silent(' was', ' signed', ' on', ' the', ' 12', 'th', ' of'), [' October', 9], ...silent(',', ' and', ' in', ' March', ' the', ' work', ' began')], unmeasured: 0 },
      { tokens: [...silent(' the', ' end', ' of', ' summer', ',', ' the', ' 1', 'st', ' of'), [' September', 8], [',', 1], ...silent(' when', ' schools', ' open', ' again')], unmeasured: 11 },
    ],
  },
]; // prettier-ignore
