#!/usr/bin/env node
import { run } from './command-line.js';

const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort());

// A reader that has seen enough, such as `head`, closes the pipe.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

process.exitCode = await run({
  args: process.argv.slice(2),
  stdout: process.stdout,
  stderr: process.stderr,
  signal: stopping.signal,
});
