/** Descriptions with passages that show them, as windows of a corpus look: cut anywhere, of any kind of text. */
export interface SurprisalShot {
  description: string;
  passages: readonly string[];
}

/**
 * Our own: what is meant, how a word is built, what stands before it, where in a text it stands, and code. Part of the
 * template: a change here is a new `SURPRISAL_TEMPLATE`.
 */
export const SURPRISAL_SHOTS: readonly SurprisalShot[] = [
  {
    description: 'Illnesses of farm animals and their treatment',
    passages: [
      'the herd was kept indoors for a fortnight after the first cases of foot rot, and the vet came twice to',
      'liver fluke in the wetter pastures. A single dose in autumn will protect the ewes until',
      'three of the calves had pneumonia by then; he bedded them on dry straw and gave penicillin',
    ],
  },
  {
    description: 'Words that end in “-ward” or “-wards”',
    passages: [
      'turned the boat homeward as soon as the wind allowed, and by dusk they could see the',
      'leaned backwards in his chair until it creaked. Upwards of forty people had',
      'an awkward silence, then everyone moved toward the door at once, as if they had',
    ],
  },
  {
    description: 'The year after “born in”',
    passages: [
      'was born in 1847 at a farm near Elsinore, the youngest of six, and went to sea at',
      'Her mother, born in 1911, remembered the town before the railway. It had one',
      ', born in 1963 in Recife, studied law before she turned to the cello and',
    ],
  },
  {
    description: 'Closing brackets at the end of a function in program code',
    passages: [
      'return total / count;\\n  }\\n}\\n\\nfunction median(values) {\\n  const sorted',
      'for (int i = 0; i < n; ++i) {\\n    sum += a[i];\\n  }\\n}\\n\\n// The rest of',
      'if err != nil {\\n\\t\\treturn nil, err\\n\\t}\\n\\treturn rows, nil\\n}\\n\\nfunc (s *Store)',
    ],
  },
  {
    description: 'Thanks at the beginning of a letter or a speech',
    passages: [
      'Dear Mrs Halloran,\\n\\nThank you for your kind letter of the 3rd and for the photographs, which',
      'Mr Chairman, members of the council: I am grateful for the invitation to speak this evening, and',
      'Dear all,\\n\\nmany thanks to everyone who came on Saturday. We raised more than',
    ],
  },
];
