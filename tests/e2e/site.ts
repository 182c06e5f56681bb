/** Where the site under test answers; the configuration chooses the port once, and every process of the run inherits it. */
export const SITE_URL = `http://localhost:${process.env['E2E_PORT'] ?? 'unset'}`;

/** The admin, made by the site from its environment at its first start. */
export const ADMIN = { email: 'admin@example.org', password: 'correct horse battery' };

/** Somebody with an account and no role. */
export const PLAIN_USER = { email: 'reader@example.org', name: 'A reader', password: 'staple the battery' };
