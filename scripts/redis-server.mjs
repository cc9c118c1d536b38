import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * A Redis server on a free port of loopback that keeps nothing on disk; it ends when this process exits by itself.
 *
 * @returns {Promise<{ url: string, stop(): Promise<void> } | undefined>} `undefined` where none is installed: that is said in one
 *   line, and with `CI` set it is an error.
 */
export async function startRedisServer() {
  if (!isInstalled()) {
    if (process.env.CI) throw new Error(missing);
    console.error(`SKIPPED: ${missing}`);
    return undefined;
  }
  const port = await freePort();
  const args = ['--bind', '127.0.0.1', '--port', String(port), '--save', ''];
  const server = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const exited = once(server, 'exit');
  const kill = () => server.kill('SIGKILL');
  process.once('exit', kill);
  await new Promise((resolve, reject) => {
    exited.then(() => reject(new Error('redis-server ended at once')), reject);
    server.stdout.setEncoding('utf8').on('data', (text) => {
      if (/Ready to accept connections/.test(text)) resolve();
    });
  });
  const stop = async () => {
    process.off('exit', kill);
    kill();
    await exited;
  };
  return { url: `redis://127.0.0.1:${port}`, stop };
}

function isInstalled() {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

const missing =
  'the examples with Redis need the program redis-server: `apt-get install redis-server`, or `brew install redis`.';
