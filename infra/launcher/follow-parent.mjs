// Loaded into each child process before its own code. The launcher holds the other end of standard input; when it ends,
// also by SIGKILL, the child gets the same signal that the launcher would have sent, and then no more time than it would.
const GRACE_MS = 20_000;

process.stdin.on('end', () => {
  setTimeout(() => process.exit(1), GRACE_MS).unref();
  process.kill(process.pid, 'SIGTERM');
});
process.stdin.resume();
process.stdin.unref();
