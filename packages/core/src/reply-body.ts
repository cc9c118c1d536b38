import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib';

/** The body of a reply: what it holds, and, where that cannot be taken as JSON, why not. */
export interface ReplyBody {
  /** The JSON value, else the text; `undefined` when there is none or it could not be read. */
  readonly value: unknown;
  /** What is wrong with it, to be said after "the body". */
  readonly problem?: string;
}

/** The body of one reply, as it comes in. */
export interface BodyCollector {
  /** Takes a piece. @returns whether there is room for more; else the rest need not be waited for. */
  add(chunk: Uint8Array): boolean;
  /** What came; to be asked once it is complete, or has outgrown its room. */
  read(): ReplyBody | Promise<ReplyBody>;
}

/**
 * Takes a body within `limit` bytes, which hold for what comes over the wire and again for what that unpacks to, so
 * that a small body that unpacks to a large one costs no more memory than a large one. A byte order mark is skipped;
 * the content type is not asked, since providers send JSON under any. Everything that can be wrong with it is told in
 * `problem`.
 */
export function collectBody(headers: Readonly<Record<string, string>>, limit: number): BodyCollector {
  // What a body is declared to be counts once there is one: the answer to HEAD declares the body it does not bring.
  const declared = Number(headers['content-length']);
  const chunks: Uint8Array[] = [];
  let length = 0;

  return {
    add(chunk) {
      length += chunk.byteLength;
      const hasRoom = length <= limit && !(declared > limit);
      if (hasRoom) chunks.push(chunk);
      else length = Infinity;
      return hasRoom;
    },

    read() {
      if (length > limit) return tooLarge(limit);
      const [first] = chunks;
      const bytes = chunks.length === 1 && first ? first : Buffer.concat(chunks, length);
      const codings = headers['content-encoding'];
      return codings === undefined
        ? parsed(decoder.decode(bytes))
        : unpacked(bytes, contentCodings(codings), limit);
    },
  };
}

async function unpacked(packed: Uint8Array, codings: readonly string[], limit: number): Promise<ReplyBody> {
  // Each coding may unpack to the limit, and a header has room for thousands.
  if (codings.length > mostCodings) return { value: undefined, problem: 'is packed too many times' };
  let bytes = packed;
  try {
    for (const coding of codings) {
      const decompress = decompressors.get(coding);
      if (!decompress) return { value: undefined, problem: 'is in a content coding that was not asked for' };
      if (bytes.byteLength > 0) bytes = await decompress(bytes, { maxOutputLength: limit });
    }
  } catch (error) {
    const isTooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    return isTooLarge ? tooLarge(limit) : { value: undefined, problem: 'does not unpack' };
  }
  return parsed(decoder.decode(bytes));
}

function tooLarge(limit: number): ReplyBody {
  return { value: undefined, problem: `is larger than ${limit} bytes` };
}

function parsed(text: string): ReplyBody {
  if (text.trim() === '') return { value: undefined };
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    // The error of JSON.parse quotes the text, and the text may hold a token.
    return { value: text, problem: 'is not JSON' };
  }
}

/** The codings that are asked for, as `Accept-Encoding` lists them. */
export const acceptEncoding = 'gzip, deflate, br';

const mostCodings = 4;
const decoder = new TextDecoder();

type Decompress = (bytes: Uint8Array, options: { maxOutputLength: number }) => Promise<Uint8Array>;

const unzip: Decompress = promisify(gunzip);
const zlibInflate: Decompress = promisify(inflate);
const rawInflate: Decompress = promisify(inflateRaw);
const unbrotli: Decompress = promisify(brotliDecompress);

const decompressors = new Map<string, Decompress>([
  ['gzip', unzip],
  ['x-gzip', unzip], // RFC 9110, section 8.4.1.3
  // Named for the zlib format, and sent without its header by servers of note (RFC 9110, section 8.4.1.2).
  ['deflate', (bytes, options) => (hasZlibHeader(bytes) ? zlibInflate : rawInflate)(bytes, options)],
  ['br', unbrotli],
  ['identity', (bytes) => Promise.resolve(bytes)],
]);

// The codings in the order in which they are undone: the last one applied is listed last.
function contentCodings(header: string): string[] {
  return header
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '')
    .reverse();
}

// RFC 1950, section 2.2: method 8 in the low half of the first byte, and the two bytes divisible by 31.
function hasZlibHeader([first = 0, second = 0]: Uint8Array): boolean {
  return (first & 0x0f) === 8 && (first * 256 + second) % 31 === 0;
}
