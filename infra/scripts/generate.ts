import { generateClient } from '#platform/database/generate-client.ts';

// `npm run generate`: Prisma's client, when its schema has changed. Every script that needs it runs this first, because
// npm leaves “pre” scripts out where install scripts are switched off.
generateClient();
