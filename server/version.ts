import packageJson from '../package.json' with { type: 'json' };

/** The version of this checkout, as the API's document says it. */
export const VERSION = packageJson.version;
