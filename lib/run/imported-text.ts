/** Begins the location of texts that imported results were made from: they are named, but cannot be read here. */
export const IMPORTED_TEXT = 'imported:';
