import { spawn, type ChildProcess } from 'node:child_process';

/**
 * Starts a process that does not outlive this one, however this one ends. Handlers of `exit` do not run when a process is
 * killed, and a paused child obeys nothing but SIGKILL: a shell waits at a pipe that the system closes with this process, and
 * then kills the child and removes `folder`.
 */
export function guarded<Child extends ChildProcess>(start: () => Child, folder = ''): Child {
  // Before the child, so that there is no moment without it; in a group of its own, which Ctrl-C does not reach.
  const guard = spawn('sh', ['-c', guarding, 'sh', folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.on('error', () => {}); // a machine without a shell: the child itself says so
  guard.stdin.on('error', () => {}); // a guard that somebody killed
  const child = start();
  guard.stdin.write(`${child.pid ?? ''}\n`);
  const dismiss = () => guard.stdin.end('ended\n');
  child.once('exit', dismiss);
  child.once('error', dismiss);
  return child;
}

const guarding = `
read -r child && test -n "$child" || exit 0
read -r ended && exit 0
kill -KILL "$child"
test -z "$1" || rm -rf -- "$1"
`;
