/** Where the site under test answers; the configuration chooses the port once, and every process of the run inherits it. */
export const SITE_URL = `http://localhost:${process.env['E2E_PORT'] ?? 'unset'}`;

/** The admin, made by the site from its environment at its first start. */
export const ADMIN = { email: 'admin@example.org', password: 'correct horse battery' };

/** Somebody with an account and no role. */
export const PLAIN_USER = { email: 'reader@example.org', name: 'A reader', password: 'staple the battery' };

/** The run that makes the catalogue: a few seconds of reading, on chapters, which are short, so that most of its latents fire in enough documents. */
export const FIRST_RUN = { model: 'presidents-4m', coder: 'layers.2-2k', text: 'moby-dick', tokens: 60_000, latents: { first: 96 } };

/** Cookies of the two accounts, written by sign-in.setup.ts. */
export const ADMIN_STATE = 'test-results/admin.json';
export const PLAIN_USER_STATE = 'test-results/plain-user.json';
