/** Prints one figure of a bench as a line of JSON. */
export type Print = (line: Record<string, string | number>) => void;
