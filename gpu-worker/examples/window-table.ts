import { AppError } from '#lib/errors/app-error.ts';
import type { Split } from '#lib/example/schema.ts';
import { WindowContents } from './window-contents.ts';
import { checkWindowLength, documentOf, sideOf, tilesOf, type Origin, type RowLayout } from './windows.ts';

/** Windows to draw negatives from. */
export interface WindowPool {
  /** Ascending; of windows with equal tokens only the first, where equal ones are collapsed. */
  origins: Uint32Array;
  /** How many windows of the pool have the tokens of this one. */
  copiesOf(origin: Origin): number;
  /** Windows by document, and windows by token: places in `origins`, ascending. */
  inDocument(document: number): Uint32Array;
  withToken(token: number): Uint32Array;
}

/**
 * The tiles of some rows as every latent's negatives are drawn from them, worked out when first asked for and kept:
 * pure, however often and in whatever order it is asked. Memory is 4 bytes a token and as much again once windows by
 * token are asked for: some 100 MB for ten million tokens.
 */
export class WindowTable {
  readonly layout: RowLayout;
  readonly length: number;
  private readonly tokens: Int32Array | null;
  private readonly contents: WindowContents | null;
  /** Content of each tile + 1, 0 while it is not known: latents fire in the same tiles again and again. */
  private readonly contentOfTile: Float64Array;
  private readonly pools = new Map<string, WindowPool>();
  private readonly rowLists = new Map<Split | null, Uint32Array>();

  /**
   * `tokens`: [rows, rowLength] row-major, or null for protocols that neither collapse windows nor look at tokens.
   * Throws AppError 'bad_request' when the length does not divide the row.
   */
  constructor(layout: RowLayout, length: number, tokens: Int32Array | null) {
    checkWindowLength(layout, length);
    this.layout = layout;
    this.length = length;
    this.tokens = tokens;
    this.contents = tokens && new WindowContents(tokens, length);
    this.contentOfTile = new Float64Array(tokens === null ? 0 : (layout.rows * layout.rowLength) / length);
  }

  /** Whole tiles of a side; null: of all rows. */
  pool(split: Split | null, collapse: boolean): WindowPool {
    const key = `${split} ${collapse}`;
    let pool = this.pools.get(key);
    if (pool === undefined) this.pools.set(key, (pool = this.createPool(split, collapse)));
    return pool;
  }

  /** Rows of a side, or all, in which a window has room, ascending. */
  rowsOf(split: Split | null): Uint32Array {
    let rows = this.rowLists.get(split);
    if (rows === undefined) this.rowLists.set(split, (rows = this.listRows(split)));
    return rows;
  }

  /** A number that windows of equal tokens share, and no others. */
  contentOf(origin: Origin): number {
    if (this.contents === null) throw tokensNeeded();
    if (origin % this.length !== 0) return this.contents.firstLike(origin);
    const tile = origin / this.length;
    let known = this.contentOfTile[tile]!;
    if (known === 0) this.contentOfTile[tile] = known = this.contents.firstLike(origin) + 1;
    return known - 1;
  }

  /** The token at a place. */
  tokenAt(place: number): number {
    return this.known()[place]!;
  }

  private known(): Int32Array {
    if (this.tokens === null) throw tokensNeeded();
    return this.tokens;
  }

  private listRows(split: Split | null): Uint32Array {
    const { layout } = this;
    const hasRoom = (row: number): boolean =>
      layout.length[row]! >= this.length && (split === null || sideOf(layout, row * layout.rowLength) === split);
    return Uint32Array.from({ length: layout.rows }, (_, row) => row).filter(hasRoom);
  }

  private createPool(split: Split | null, collapse: boolean): WindowPool {
    const tiles = tilesOf(this.layout, this.length, split);
    const { origins, copiesOf } = collapse ? this.collapsed(tiles) : { origins: tiles, copiesOf: () => 1 };
    let byDocument: Lists | null = null;
    let byToken: Lists | null = null;
    return {
      origins,
      copiesOf,
      inDocument: (document) => listOf((byDocument ??= collect(origins.length, (i, put) => put(documentOf(this.layout, origins[i]!)))), document),
      withToken: (token) => listOf((byToken ??= this.tokensOf(origins)), token),
    };
  }

  private collapsed(tiles: Uint32Array): Pick<WindowPool, 'origins' | 'copiesOf'> {
    const copies = new Map<number, number>();
    const origins = tiles.filter((origin) => {
      const content = this.contentOf(origin);
      const before = copies.get(content) ?? 0;
      copies.set(content, before + 1);
      return before === 0;
    });
    return { origins, copiesOf: (origin) => copies.get(this.contentOf(origin)) ?? 0 };
  }

  private tokensOf(origins: Uint32Array): Lists {
    const tokens = this.known();
    const { length } = this;
    return collect(origins.length, (i, put) => {
      const [begin, end] = [origins[i]!, origins[i]! + length];
      for (let place = begin; place < end; place++) {
        // Once a window, however often the token stands in it.
        let before = begin;
        while (tokens[before] !== tokens[place]) before++;
        if (before === place) put(tokens[place]!);
      }
    });
  }
}

/** Ascending lists of numbers by key from 0: the list of key k is items [starts[k], starts[k + 1]). */
interface Lists {
  starts: Uint32Array;
  items: Uint32Array;
}

function collect(count: number, visit: (item: number, put: (key: number) => void) => void): Lists {
  let highest = -1;
  let total = 0;
  for (let item = 0; item < count; item++) {
    visit(item, (key) => {
      highest = Math.max(highest, key);
      total++;
    });
  }
  const starts = new Uint32Array(highest + 2);
  for (let item = 0; item < count; item++) visit(item, (key) => starts[key + 1]!++);
  for (let key = 0; key <= highest; key++) starts[key + 1]! += starts[key]!;
  const next = starts.slice();
  const items = new Uint32Array(total);
  for (let item = 0; item < count; item++) visit(item, (key) => (items[next[key]!++] = item));
  return { starts, items };
}

const listOf = ({ starts, items }: Lists, key: number): Uint32Array =>
  key + 1 < starts.length ? items.subarray(starts[key], starts[key + 1]) : new Uint32Array(0);

const tokensNeeded = (): AppError => new AppError('internal', 'A protocol that collapses windows or looks at tokens was used without the tokens.');
