import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { run } from '../src/command-line.js';
import { ask, until } from './ask.js';

/** Runs the program in this process. `stop` is its SIGINT. */
function start(...args: string[]) {
  const stopping = new AbortController();
  const written = { stdout: '', stderr: '' };
  const stdout = { write: (text: string) => (written.stdout += text) };
  const stderr = { write: (text: string) => (written.stderr += text) };
  const exit = run({ args, stdout, stderr, signal: stopping.signal });
  return { written, exit, stop: () => stopping.abort() };
}

/** Runs it until it has printed so many curl lines. */
async function started(curls: number, ...args: string[]) {
  const program = start(...args);
  await until(() => program.written.stdout.split('curl ').length > curls);
  return { ...program, lines: program.written.stdout.split('\n') };
}

const portOf = (server: Server) => String((server.address() as AddressInfo).port);

describe('latchkey-emulators', () => {
  it('starts both, prints origins, users and curl lines, and stops with 0', async () => {
    const { lines, stop, exit, written } = await started(2);
    expect(lines[0]).toMatch(/^Cryptlex {2}http:\/\/127\.0\.0\.1:\d+$/);
    expect(lines).toContain('  accountAlias  example');
    expect(lines).toContain('  demo@example.com    sample-password-1  (6 licences)');
    expect(lines).toContain('  factor@example.com  sample-password-2  (second factor 123456)');
    expect(lines).toContain('  locked@example.com  sample-password-3  (locked)');
    expect(lines).toContainEqual(expect.stringMatching(/^LCLXchange {2}http:\/\/127\.0\.0\.1:\d+$/));
    expect(lines).toContain('  demo@example.com      sample-password-1');
    expect(lines).toContain('  disabled@example.com  sample-password-3  (disabled)');
    const origins = [...written.stdout.matchAll(/http:\/\/[\d.:]+$/gm)].map(String);
    expect(origins).toHaveLength(2);
    stop();
    expect(await exit).toBe(0);
    expect(written.stderr).toBe('');
    for (const origin of origins) {
      await expect(ask(origin, 'GET /')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    }
  });

  it.each(['cryptlex', 'lclx'])('starts %s alone, with a curl line that signs in', async (which) => {
    const { lines, stop, exit } = await started(1, which);
    const curl = lines.find((line) => line.startsWith('  curl '));
    const [, url = '', body] =
      /^ {2}curl -s (http:\S+) -H 'content-type: application\/json' -d '(\{[^']*\})'$/.exec(curl ?? '') ?? [];
    const { origin, pathname } = new URL(url);
    expect((await ask(origin, `POST ${pathname}`, { body })).status).toBe(200);
    expect(lines.filter((line) => line.includes('http://127.0.0.1:'))).toHaveLength(2);
    stop();
    expect(await exit).toBe(0);
  });

  it('takes the ports it is told', async () => {
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const port = portOf(free);
    free.close();
    await once(free, 'close');
    const { lines, stop, exit } = await started(1, 'lclx', '--lclx-port', port);
    expect(lines[0]).toBe(`LCLXchange  http://127.0.0.1:${port}`);
    stop();
    expect(await exit).toBe(0);
  });

  it('explains itself with --help', async () => {
    const { exit, written } = start('--help');
    expect(await exit).toBe(0);
    expect(written.stdout).toMatch(/^Usage: latchkey-emulators \[cryptlex\|lclx\|all\] \[options\]\n/);
  });

  it('does not wait when it should stop already', async () => {
    const { exit, stop } = start();
    stop();
    expect(await exit).toBe(0);
  });

  it.each([
    [['nonsense'], 'there is no emulator nonsense, only cryptlex, lclx and all'],
    [['toString'], 'there is no emulator toString, only cryptlex, lclx and all'],
    [['lclx', 'cryptlex'], 'one of cryptlex, lclx and all is enough, not lclx cryptlex'],
    [['--lclx-port', 'x'], '--lclx-port takes a number from 0 to 65535, not x'],
    [['--cryptlex-port', '65536'], '--cryptlex-port takes a number from 0 to 65535, not 65536'],
    [['cryptlex', '--lclx-port', '0'], '--lclx-port needs lclx or all'],
    [['--nonsense'], expect.stringContaining("Unknown option '--nonsense'")],
    [['--lclx-port'], expect.stringContaining('--lclx-port')],
  ])('ends with 2 and one line for %j', async (args, message) => {
    const { exit, written } = start(...args);
    expect(await exit).toBe(2);
    expect(written.stdout).toBe('');
    const [line, rest] = written.stderr.split('\n');
    expect(line?.replace('latchkey-emulators: ', '')).toEqual(message);
    expect(line).toMatch(/^latchkey-emulators: /);
    expect(rest).toBe('');
  });

  it('ends with 2 for a port in use, whichever emulator it is for', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const port = portOf(other);
    const { exit, written } = start('cryptlex', '--cryptlex-port', port);
    expect(await exit).toBe(2);
    expect(written).toEqual({ stdout: '', stderr: `latchkey-emulators: port ${port} is in use\n` });
    other.close();
  });

  it('ends with 2 and one line for a port in use, and stops what it had started', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const port = portOf(other);
    const { exit, written } = start('--lclx-port', port);
    expect(await exit).toBe(2);
    expect(written.stderr).toBe(`latchkey-emulators: port ${port} is in use\n`);
    const [, origin = ''] = /^Cryptlex {2}(\S+)$/m.exec(written.stdout) ?? [];
    await expect(ask(origin, 'GET /')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    other.close();
  });
});
