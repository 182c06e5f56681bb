import { register } from 'tsx/esm/api';

// Node 20 does not apply --import to a thread's own file, so the thread makes TypeScript loadable for itself.
register();
await import('./encode-worker.ts');
