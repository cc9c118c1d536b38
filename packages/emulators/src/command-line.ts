import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { startCryptlexEmulator } from './cryptlex-emulator.js';
import type { CryptlexUser } from './cryptlex-users.js';
import { startLclxEmulator } from './lclx-emulator.js';
import type { LclxUser } from './lclx-users.js';

/** What the program is run with. */
export interface CommandLine {
  /** Without the names of Node and of the program. */
  readonly args: readonly string[];
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  /** Aborted when the program should stop. */
  readonly signal: AbortSignal;
}

/** Somewhere to write text, such as `process.stdout`. */
export interface TextSink {
  write(text: string): unknown;
}

/**
 * Runs `latchkey-emulators` until `signal` is aborted and resolves with its exit code: 0, or 2 with one line on
 * `stderr` for bad arguments and for a port that cannot be had.
 */
export async function run({ args, stdout, stderr, signal }: CommandLine): Promise<number> {
  const started: { stop(): Promise<void> }[] = [];
  try {
    const wanted = readArguments(args);
    if (wanted === 'help') {
      stdout.write(HELP);
      return 0;
    }
    for (const { name, port } of wanted) {
      const emulator = await startOn(name, port);
      started.push(emulator);
      stdout.write(described(name, emulator));
    }
    if (!signal.aborted) await once(signal, 'abort');
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    stderr.write(`latchkey-emulators: ${error.message}\n`);
    return 2;
  } finally {
    await Promise.all(started.map((emulator) => emulator.stop()));
  }
}

const HELP = `Usage: latchkey-emulators [cryptlex|lclx|all] [options]

Starts Cryptlex, LCLXchange or both (all, the default) on 127.0.0.1 and prints where they are and who can sign in.

  --cryptlex-port N   port for Cryptlex; 0, the default, takes a free one
  --lclx-port N       port for LCLXchange; likewise
  --help              this text
`;

const starts = {
  cryptlex: { title: 'Cryptlex', loginPath: '/v3/accounts/login', start: startCryptlexEmulator },
  lclx: { title: 'LCLXchange', loginPath: '/api/login', start: startLclxEmulator },
};

type Name = keyof typeof starts;

/** Something the user of the program can put right. */
class UsageError extends Error {}

function readArguments(args: readonly string[]): { name: Name; port: number }[] | 'help' {
  const { values, positionals } = parsed(args);
  if (values.help) return 'help';
  const [which = 'all', ...more] = positionals;
  if (more.length > 0)
    throw new UsageError(`one of cryptlex, lclx and all is enough, not ${positionals.join(' ')}`);
  if (which !== 'all' && !Object.hasOwn(starts, which)) {
    throw new UsageError(`there is no emulator ${which}, only cryptlex, lclx and all`);
  }
  const names: Name[] = ['cryptlex', 'lclx'];
  for (const name of names) {
    if (which !== 'all' && which !== name && values[`${name}-port`] !== undefined) {
      throw new UsageError(`--${name}-port needs ${name} or all`);
    }
  }
  return names
    .filter((name) => which === 'all' || which === name)
    .map((name) => ({ name, port: readPort(`--${name}-port`, values[`${name}-port`] ?? '0') }));
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        'cryptlex-port': { type: 'string' },
        'lclx-port': { type: 'string' },
      },
    });
  } catch (error) {
    const [firstLine = ''] = String(error instanceof Error ? error.message : error).split('\n');
    throw new UsageError(firstLine);
  }
}

function readPort(option: string, text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new UsageError(`${option} takes a number from 0 to 65535, not ${text}`);
  return port;
}

async function startOn(name: Name, port: number) {
  try {
    return await starts[name].start({ port });
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? error.code : error;
    const told = { EADDRINUSE: 'is in use', EACCES: 'is not ours to take' }[String(reason)];
    throw new UsageError(`port ${port} ${told ?? `cannot be had: ${String(reason)}`}`);
  }
}

function described(name: Name, emulator: Awaited<ReturnType<typeof startOn>>): string {
  const { title, loginPath } = starts[name];
  const { origin, users } = emulator;
  const account = 'accountAlias' in emulator ? { accountAlias: emulator.accountAlias } : {};
  const width = Math.max(...users.map(({ email }) => email.length));
  const [first] = users;
  const body = JSON.stringify({ ...account, email: first?.email, password: first?.password });
  return [
    `${title}  ${origin}`,
    ...Object.entries(account).map(([field, value]) => `  ${field}  ${value}`),
    ...users.map((user) => `  ${user.email.padEnd(width)}  ${user.password}${remark(user)}`),
    `  curl -s ${origin}${loginPath} -H 'content-type: application/json' -d '${body}'`,
    '',
    '',
  ].join('\n');
}

function remark(user: CryptlexUser | LclxUser): string {
  if ('enabled' in user) return user.enabled ? '' : '  (disabled)';
  if (user.locked) return '  (locked)';
  if (user.twoFactorCode !== undefined) return `  (second factor ${user.twoFactorCode})`;
  return `  (${user.licenses.length} licences)`;
}
