/** The whole numbers of [0, total) without some of them, by index, ascending. */
export interface AllBut {
  length: number;
  at(index: number): number;
}

/** `without`: ascending, each once. Costs what is left out, not what is left: of 300,000 windows a latent fires in some hundreds. */
export function allBut(total: number, without: readonly number[]): AllBut {
  return {
    length: total - without.length,
    at(index) {
      // Before without[i] stand without[i] − i of those that are left.
      let [low, high] = [0, without.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (without[middle]! - middle <= index) low = middle + 1;
        else high = middle;
      }
      return index + low;
    },
  };
}
