/** The header that a key travels in, with both packages; null takes out the one that they would send of their own. */
export const authorisation = (key: string | null): { Authorization: string | null } => ({ Authorization: key === null ? null : `Bearer ${key}` });
