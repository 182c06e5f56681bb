/** Closed-class words of English by class; a word of two classes is listed in the one it serves more often. */
const CLASS_WORDS: Readonly<Record<string, string>> = {
  article: 'a an the',
  preposition:
    'of in to for with on at by from into upon under over between among through during before after above below about against within without toward towards across along around behind beside beyond despite except near off onto out since throughout until unto via per amid',
  conjunction: 'and or but nor so yet because although though while whereas if unless lest than as whether',
  'personal pronoun':
    'i me my mine myself we us our ours ourselves you your yours yourself yourselves he him his himself she her hers herself it its itself they them their theirs themselves',
  'relative or question word': 'who whom whose which what when where why how that whoever whatever whichever wherever whenever',
  demonstrative: 'this these those such here there',
  'modal verb': 'can could may might must shall should will would ought cannot',
  'auxiliary verb': 'be am is are was were been being have has had having do does did done',
  negation: 'not no never none neither nothing nobody',
  quantifier: 'all any each every some both many much more most few fewer less least several other another own same only enough either',
  'number word':
    'one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion trillion dozen first second third fourth fifth half',
  month: 'january february march april june july august september october november december',
};

const CLASS_OF: ReadonlyMap<string, string> = new Map(
  Object.entries(CLASS_WORDS).flatMap(([name, words]) => words.split(' ').map((word) => [word, name] as const)),
);

/** Words that say nothing of what a text is about: every closed class but numbers and months, and a few adverbs. */
const EMPTY_ADVERBS = new Set('then now also very too just even still again ever thus hence however therefore well up down away back'.split(' '));

/** The closed class of a lower-cased word, or null for an open-class one. */
export function wordClass(lower: string): string | null {
  return CLASS_OF.get(lower) ?? null;
}

/** Whether a lower-cased word can say what a text is about. */
export function isContentWord(lower: string): boolean {
  const name = CLASS_OF.get(lower);
  return lower.length > 2 && (name === undefined || name === 'month') && !EMPTY_ADVERBS.has(lower) && !/['’]/.test(lower);
}

/** Endings worth naming, longest first, so that the first that fits is the most telling. */
const SUFFIXES = [
  'ation',
  'ition',
  'ments',
  'tion',
  'sion',
  'ment',
  'ness',
  'ance',
  'ence',
  'able',
  'ible',
  'less',
  'ship',
  'hood',
  'ward',
  'ing',
  'ity',
  'ism',
  'ist',
  'ous',
  'ive',
  'ful',
  'ies',
  'est',
  'ed',
  'ly',
  'er',
  'or',
  'al',
  's',
] as const;

/** The ending of a lower-cased word of at least two letters more than it, or null. */
export function suffixOf(lower: string): string | null {
  return SUFFIXES.find((suffix) => lower.length >= suffix.length + 2 && lower.endsWith(suffix) && !(suffix === 's' && lower.endsWith('ss'))) ?? null;
}
