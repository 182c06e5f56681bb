import type { Split } from '#lib/example/schema.ts';
import { SPLIT_SHARES } from '#lib/example/split-shares.ts';
import type { StoredDocument, StoredRows } from './store/types.ts';

/** Rows left out between two sides: what stands at the end of one is continued at the beginning of the next. */
const GAP_ROWS = 2;
/** Blocks a side: as many units to resample and to count as a latent's minimum of documents needs, twice. */
const BLOCKS_A_SIDE = 10;

type Layout = Pick<StoredRows, 'rows' | 'documents' | 'document' | 'length'>;

/**
 * A corpus of one document cannot be dealt by document. Its rows are cut into one contiguous stretch a side, in order
 * train, test, reserve, with a gap between them whose rows hold no window (their length is 0); within a stretch,
 * consecutive rows form up to ten blocks, each named `<document>#<block>`, which then count as documents, so that
 * minima and intervals take neighbouring rows for what they are. Null for several documents, or fewer than ten rows: nothing to
 * cut.
 */
export function splitIntoBlocks({ rows, documents, document, length }: Layout): Pick<Layout, 'documents' | 'document' | 'length'> | null {
  const [only] = documents;
  if (only === undefined || documents.length !== 1 || rows < BLOCKS_A_SIDE) return null;
  const blocks: StoredDocument[] = [];
  const out = { documents: blocks, document: document.slice(), length: length.slice() };
  const usable = rows - GAP_ROWS * (Object.keys(SPLIT_SHARES).length - 1);
  let [begin, share] = [0, 0];
  for (const [i, [split, own]] of (Object.entries(SPLIT_SHARES) as [Split, number][]).entries()) {
    share += own;
    const end = Math.min(rows, Math.round(share * usable) + GAP_ROWS * i);
    const count = Math.min(BLOCKS_A_SIDE, end - begin);
    for (let row = begin; row < end; row++) out.document[row] = blocks.length + Math.floor(((row - begin) * count) / (end - begin));
    for (let block = 0; block < count; block++) blocks.push({ key: `${only.key}#${blocks.length + 1}`, split });
    const next = Math.min(rows, end + GAP_ROWS);
    // Index of some document; without tokens that count it says nothing.
    for (let row = end; row < next; row++) [out.document[row], out.length[row]] = [Math.max(0, blocks.length - 1), 0];
    begin = next;
  }
  return out;
}
