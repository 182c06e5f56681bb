/** Called by Next.js once in each of its processes, before the first request. */
export async function register(): Promise<void> {
  if (process.env['NEXT_RUNTIME'] !== 'nodejs') return;
  const { notePeers } = await import('#server/http/peer-address.ts');
  notePeers();
}
