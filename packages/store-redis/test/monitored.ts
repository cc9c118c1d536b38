import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { connectPlainly } from './harness/clients.js';
import { until } from './harness/until.js';

/** A command that a server has run. */
export interface SeenCommand {
  /** In capitals. */
  readonly name: string;
  readonly args: readonly Buffer[];
  /** Whether a script has called it. */
  readonly isOfScript: boolean;
  /** Who has sent it: `127.0.0.1:50123`, or `lua`. */
  readonly from: string;
}

/** Every command that a server runs from now on. */
export interface Monitored {
  /** Those so far, also of connections whose answers have only just come. */
  commands(): Promise<readonly SeenCommand[]>;
  close(): Promise<void>;
}

/** Watches a server with MONITOR, and reads what that tells to the byte; of very long commands, the first part. */
export async function monitored(port: number): Promise<Monitored> {
  const seen: SeenCommand[] = [];
  const socket = net.connect({ host: '127.0.0.1', port });
  const plain = await connectPlainly(port);
  let isReady = false;
  const onLine = (line: string) => {
    if (line === '+OK\r') isReady = true;
    else seen.push(commandIn(line));
  };
  let line = '';
  // One character for each byte: it escapes what is not ASCII.
  socket.setEncoding('latin1').on('data', (text: string) => {
    for (let from = 0; from < text.length;) {
      const end = text.indexOf('\n', from);
      const to = end === -1 ? text.length : end;
      if (line.length < longestLine) line += text.slice(from, to);
      if (end !== -1) onLine(line);
      if (end !== -1) line = '';
      from = to + 1;
    }
  });
  const ended = once(socket, 'close');
  socket.write('MONITOR\r\n');
  await until('a monitor', () => isReady);
  return {
    async commands() {
      const mark = randomUUID();
      await plain.send('ECHO', mark);
      const isMark = ({ args }: SeenCommand) => args[0]?.toString() === mark;
      await until('all that was sent', () => seen.some(isMark));
      return seen.filter(({ name }) => name !== 'ECHO');
    },
    async close() {
      socket.destroy();
      await Promise.all([ended, plain.close()]);
    },
  };
}

/** `+1700000000.123456 [0 127.0.0.1:50123] "SET" "name" "\x01\"..."` */
function commandIn(line: string): SeenCommand {
  const { from, said } = /^\+[\d.]+ \[\d+ (?<from>[^\]]+)\] (?<said>.*)/.exec(line)!.groups!;
  const [name, ...args] = [...said!.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text]) => unescaped(text!));
  return { name: name!.toString().toUpperCase(), args, isOfScript: from === 'lua', from: from! };
}

function unescaped(text: string): Buffer {
  const plain = text.replace(/\\(?:x([0-9a-f]{2})|(.))/g, (_, hex: string | undefined, letter: string) =>
    hex === undefined ? (letters[letter] ?? letter) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(plain, 'latin1');
}

const longestLine = 60_000;
const letters: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', a: '\x07', b: '\b' };
