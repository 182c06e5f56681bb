import type { NegativeClass, Protocol } from '#lib/example/protocol.ts';
import type { Split } from '#lib/example/schema.ts';
import { rngFor, shuffledIndices } from '#lib/random/rng.ts';
import type { LatentActivations } from '#gpu-worker/activations/store/types.ts';
import { allBut } from './all-but.ts';
import { strongestFirst } from './sample.ts';
import type { WindowPool, WindowTable } from './window-table.ts';
import { activatingWindows, documentOf, isWhole, sideOf, type ActivatingWindow, type Origin, type RowLayout } from './windows.ts';

/** Where the paper's windows begin in rows that are silent as a whole (method.md §3.6). */
const SILENT_ROW_START = 10;
/** Windows taken of one neighbour before the next one's turn (method.md §3.6). */
const PER_NEIGHBOUR = 10;

export interface NegativeWindow {
  origin: Origin;
  class: NegativeClass;
  /** Windows with the same tokens that it stands for; 1 where they are not collapsed. */
  copies: number;
  /** The latent whose window it is, in class `neighbour`. */
  neighbour: number | null;
}

/** What some classes of negatives are made from; without it they have none. */
export interface NegativeSources {
  /** Neighbouring latents, nearest first. */
  neighbours?: readonly LatentActivations[] | undefined;
  /** For each of some windows of the latent, those nearest in meaning, nearest first. */
  similar?: readonly (readonly Origin[])[] | undefined;
}

export interface NegativesRequest extends NegativeSources {
  table: WindowTable;
  latent: LatentActivations;
  protocol: Protocol;
  seed: number;
  /** What the draw is for: part of its seed. */
  purpose: string;
  /** Where to draw from; null: from all documents. */
  side: Split | null;
  /** The firing windows they stand against: class `same_document` is from their documents. */
  positives: readonly Pick<ActivatingWindow, 'origin'>[];
  /** Windows whose tokens must not come again. */
  without?: readonly Origin[];
}

/** Draws a latent's silent windows, class by class, `random` first so that no other class changes it; no window twice unless the protocol says so. */
export function drawNegatives(request: NegativesRequest): NegativeWindow[] {
  const { table, latent, protocol, side, without = [] } = request;
  const pool = table.pool(side, protocol.collapse);
  const identify = (origin: Origin): number => (protocol.collapse ? table.contentOf(origin) : origin);
  // Equal tokens that fire elsewhere, for what stands before them, would be right and wrong at once.
  const closed = new Set<number>();
  for (const origin of firingTiles(table, latent)) closed.add(identify(origin));
  for (const { origin } of request.positives) closed.add(identify(origin));
  for (const origin of without) closed.add(identify(origin));
  const out: NegativeWindow[] = [];
  const take = (origin: Origin, of: NegativeClass, neighbour: number | null = null): boolean => {
    const id = identify(origin);
    if (closed.has(id)) return false;
    closed.add(id);
    out.push({ origin, class: of, copies: pool.copiesOf(origin), neighbour });
    return true;
  };
  const { random = 0, same_document: sameDocument = 0, same_token: sameToken = 0, similar = 0, neighbour = 0 } = protocol.negatives;
  switch (protocol.randomFrom) {
    case 'distinct':
      takeShuffled(request, 'random', pool.origins, random, take);
      break;
    case 'repeated':
      out.push(...repeated(request, silentOf(pool, protocol, closed, identify), random));
      break;
    case 'silent_rows':
      out.push(...fromSilentRows(request, random));
      break;
  }
  takeShuffled(request, 'same_document', sameDocument > 0 ? ofDocuments(request, pool) : NONE, sameDocument, take);
  takeShuffled(request, 'same_token', sameToken > 0 ? ofToken(request, pool) : NONE, sameToken, (i, of) => take(pool.origins[i]!, of));
  takeInTurn(request.similar ?? [], similar, (origin) => isOn(table, origin, side) && take(origin, 'similar'));
  takeNeighbours(request, neighbour, take);
  return out;
}

type Take = (origin: Origin, of: NegativeClass, neighbour?: number | null) => boolean;

const NONE = new Uint32Array(0);

const isOn = (table: WindowTable, origin: Origin, side: Split | null): boolean => side === null || sideOf(table.layout, origin) === side;

const generator = ({ seed, purpose, latent }: NegativesRequest, of: NegativeClass) => rngFor(seed, purpose, of, latent.latent);

/** Passing over the closed windows of a random permutation leaves a uniform draw from the others. */
function takeShuffled(request: NegativesRequest, of: NegativeClass, origins: Uint32Array, count: number, take: Take): void {
  let taken = 0;
  if (count === 0) return;
  for (const i of shuffledIndices(generator(request, of), origins.length)) {
    if (take(origins[i]!, of)) taken++;
    if (taken === count) return;
  }
}

/** Origins of the whole tiles in which a latent fires, ascending. */
function firingTiles({ layout, length }: WindowTable, { place }: LatentActivations): Origin[] {
  const out: Origin[] = [];
  let last = -1;
  for (let i = 0; i < place.length; i++) {
    const origin = place[i]! - (place[i]! % length);
    if (origin !== last && isWhole(layout, origin, length)) out.push(origin);
    last = origin;
  }
  return out;
}

interface Drawable {
  length: number;
  at(index: number): Origin;
}

/** The windows of a pool that are not closed, ascending. */
function silentOf({ origins }: WindowPool, { collapse }: Protocol, closed: ReadonlySet<number>, identify: (origin: Origin) => number): Drawable {
  if (collapse) {
    const silent = origins.filter((origin) => !closed.has(identify(origin)));
    return { length: silent.length, at: (index) => silent[index]! };
  }
  const silent = allBut(origins.length, placesIn(origins, closed));
  return { length: silent.length, at: (index) => origins[silent.at(index)]! };
}

/** With replacement; none when fewer are silent than asked for, as delphi has it. */
function repeated(request: NegativesRequest, silent: Drawable, count: number): NegativeWindow[] {
  if (silent.length < count) return [];
  const rng = generator(request, 'random');
  return Array.from({ length: count }, () => ({ origin: silent.at(rng.int(silent.length)), class: 'random', copies: 1, neighbour: null }));
}

/** The window that the paper takes of a row; null for a row that is shorter than a window. */
export function silentRowWindow({ rowLength, length }: Pick<RowLayout, 'rowLength' | 'length'>, row: number, window: number): Origin | null {
  const room = length[row]! - window;
  return room < 0 ? null : row * rowLength + Math.min(SILENT_ROW_START, room);
}

/** One window, at a fixed place, of rows drawn with replacement from those in which the latent never fires. */
function fromSilentRows(request: NegativesRequest, count: number): NegativeWindow[] {
  const { table, latent, side } = request;
  const { rowLength } = table.layout;
  const rows = table.rowsOf(side);
  const firing = new Set<number>();
  for (const place of latent.place) firing.add(Math.floor(place / rowLength));
  const silent = allBut(rows.length, placesIn(rows, firing));
  if (silent.length === 0) return [];
  const rng = generator(request, 'random');
  return Array.from({ length: count }, () => {
    const row = rows[silent.at(rng.int(silent.length))]!;
    return { origin: silentRowWindow(table.layout, row, table.length)!, class: 'random', copies: 1, neighbour: null };
  });
}

/** Where some numbers stand in an ascending list, ascending; those that do not stand there are left out. */
function placesIn(list: Uint32Array, wanted: Iterable<number>): number[] {
  const places: number[] = [];
  for (const number of wanted) {
    let [low, high] = [0, list.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (list[middle]! < number) low = middle + 1;
      else high = middle;
    }
    if (list[low] === number) places.push(low);
  }
  return places.sort((a, b) => a - b);
}

function ofDocuments({ table, positives }: NegativesRequest, pool: WindowPool): Uint32Array {
  const documents = [...new Set(positives.map(({ origin }) => documentOf(table.layout, origin)))].sort((a, b) => a - b);
  const lists = documents.map((document) => pool.inDocument(document));
  const out = new Uint32Array(lists.reduce((sum, list) => sum + list.length, 0));
  let at = 0;
  for (const list of lists) for (const i of list) out[at++] = pool.origins[i]!;
  return out;
}

/** Places in the pool: a common token stands in most of its windows, and few are taken. */
function ofToken({ table, latent, protocol }: NegativesRequest, pool: WindowPool): Uint32Array {
  const token = topToken(table, latent, protocol.sides === 'shared' ? null : 'train');
  return token === null ? NONE : pool.withToken(token);
}

/** The token with the greatest sum of activations on a side, the lowest of equals; null where the latent is silent there. */
export function topToken(table: WindowTable, { place, value }: LatentActivations, side: Split | null): number | null {
  const sums = new Map<number, number>();
  const { rowLength } = table.layout;
  let [row, counts] = [-1, false];
  for (let i = 0; i < place.length; i++) {
    const at = Math.floor(place[i]! / rowLength);
    // A row is one document's, and so on one side.
    if (at !== row) [row, counts] = [at, isOn(table, place[i]!, side)];
    if (!counts) continue;
    const token = table.tokenAt(place[i]!);
    sums.set(token, (sums.get(token) ?? 0) + value[i]!);
  }
  let top: [token: number, sum: number] | null = null;
  for (const [token, sum] of sums) if (top === null || sum > top[1] || (sum === top[1] && token < top[0])) top = [token, sum];
  return top && top[0];
}

/** The next of each list in its turn, so that no one list, and no one window it was searched for, gives them all. */
function takeInTurn(lists: readonly (readonly Origin[])[], count: number, take: (origin: Origin) => boolean): void {
  const next = lists.map(() => 0);
  let taken = 0;
  for (let more = true; more && taken < count;) {
    more = false;
    for (const [i, list] of lists.entries()) {
      let found = false;
      while (!found && taken < count && next[i]! < list.length) found = take(list[next[i]!++]!);
      if (!found) continue;
      taken++;
      more = true;
    }
  }
}

function takeNeighbours({ table, neighbours = [], side }: NegativesRequest, count: number, take: Take): void {
  let taken = 0;
  for (const neighbour of neighbours) {
    if (taken === count) return;
    const windows = activatingWindows(table.layout, neighbour, { length: table.length, placement: 'tiled' }).filter(({ origin }) => isOn(table, origin, side));
    let own = 0;
    for (const { origin } of strongestFirst(windows)) {
      if (taken === count) return;
      if (own === PER_NEIGHBOUR) break;
      if (!take(origin, 'neighbour', neighbour.latent)) continue;
      own++;
      taken++;
    }
  }
}
