// Loaded into each child process before its own code. The launcher holds the other end of standard input; when it ends,
// also by SIGKILL, the child gets the same signal that the launcher would have sent, and then no more time than it would.
import { Socket } from 'node:net';

const GRACE_MS = 20_000;

// What a child starts in turn loads this too (the development server starts processes for style sheets), with nothing at
// the other end: /dev/null ends at once.
if (process.stdin instanceof Socket) {
  process.stdin.on('end', () => {
    setTimeout(() => process.exit(1), GRACE_MS).unref();
    process.kill(process.pid, 'SIGTERM');
  });
  process.stdin.resume();
  process.stdin.unref();
}
