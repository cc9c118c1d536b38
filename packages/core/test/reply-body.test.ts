import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collectBody } from '../src/reply-body.js';

const limit = 1_000;

async function* stream(...chunks: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
}

/** What comes of a stream whose rest is not read once there is no room for it. */
async function readReplyBody(
  chunks: AsyncIterable<Uint8Array>,
  headers: Record<string, string>,
  most: number,
) {
  const body = collectBody(headers, most);
  for await (const chunk of chunks) if (!body.add(chunk)) break;
  return body.read();
}

function read(body: string | Uint8Array, headers: Record<string, string> = {}) {
  return readReplyBody(stream(body), headers, limit);
}

describe('collectBody', () => {
  it('gives any JSON value back, however it is cut into chunks', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 3 }), fc.array(fc.nat(400)), async (value, cuts) => {
        const bytes = Buffer.from(JSON.stringify(value));
        fc.pre(bytes.byteLength <= limit);
        const edges = [
          0,
          ...cuts.filter((cut) => cut < bytes.byteLength).sort((a, b) => a - b),
          bytes.byteLength,
        ];
        const chunks = edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge));
        expect(await readReplyBody(stream(...chunks), {}, limit)).toEqual({
          value: JSON.parse(bytes.toString()) as unknown,
        });
      }),
    );
  });

  it('F2: any bytes in any coding give a value or a problem', async () => {
    const codings = fc.constantFrom(
      'gzip',
      'x-gzip',
      'deflate',
      'br',
      'identity',
      'zstd',
      '',
      ',',
      'gzip, br',
      'GZIP',
    );
    const bytes = fc.uint8Array({ maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(bytes, codings, async (body, coding) => {
        const { value, problem } = await read(body, { 'content-encoding': coding });
        expect(problem === undefined || typeof problem === 'string').toBe(true);
        if (problem === undefined && value !== undefined) JSON.stringify(value);
      }),
      { numRuns: 200 },
    );
  });

  it.each<[string, string | Uint8Array, unknown]>([
    ['a byte order mark', '\ufeff{"a":1}', { a: 1 }],
    ['white space around it', ' \r\n[1]\t ', [1]],
    ['nothing', '', undefined],
    ['white space only', ' \r\n ', undefined],
    ['a byte order mark only', '\ufeff', undefined],
    ['null', 'null', null],
  ])('reads %s', async (_, body, value) => {
    expect(await read(body)).toStrictEqual({ value });
  });

  it.each<[string, string]>([
    ['HTML', '<html>c4nary</html>'],
    ['truncated JSON', '{"token":"c4nary'],
    ['two values', '{}{}'],
    ['NaN', 'NaN'],
    ['two byte order marks', '\ufeff\ufeff{}'],
  ])('F3: %s is given as text, and not repeated in the problem', async (_, body) => {
    expect(await read(body)).toEqual({ value: body.replace('\ufeff', ''), problem: 'is not JSON' });
  });

  it('bytes that are no UTF-8 are replaced, so that text stays text', async () => {
    expect(await read(Buffer.from([0x22, 0xff, 0x22]))).toEqual({ value: '\ufffd' });
  });

  const packed = Buffer.from('{"a":1}');

  it.each<[string, Uint8Array]>([
    ['gzip', gzipSync(packed)],
    ['x-gzip', gzipSync(packed)],
    ['GZip', gzipSync(packed)],
    ['deflate', deflateSync(packed)],
    ['deflate', deflateSync(packed, { level: 0 })],
    ['deflate', deflateRawSync(packed)],
    ['br', brotliCompressSync(packed)],
    ['identity', packed],
    ['gzip, br', brotliCompressSync(gzipSync(packed))],
    [' br ,, identity , deflate ', deflateSync(brotliCompressSync(packed))],
  ])('unpacks %s', async (coding, body) => {
    expect(await read(body, { 'content-encoding': coding })).toEqual({ value: { a: 1 } });
  });

  it.each(['gzip', 'deflate', 'br', 'gzip, br'])(
    'an empty body is empty in %s too, as HEAD and 204 have it',
    async (coding) => {
      expect(await read('', { 'content-encoding': coding })).toEqual({ value: undefined });
    },
  );

  it.each([
    ['zstd', packed, 'is in a content coding that was not asked for'],
    ['__proto__', packed, 'is in a content coding that was not asked for'],
    ['constructor', packed, 'is in a content coding that was not asked for'],
    ['gzip', packed, 'does not unpack'],
    ['gzip', gzipSync(packed).subarray(0, 20), 'does not unpack'],
    ['deflate', packed, 'does not unpack'],
    ['br', packed, 'does not unpack'],
  ])('%s of what is not that is a problem', async (coding, body, problem) => {
    expect(await read(body, { 'content-encoding': coding })).toEqual({ value: undefined, problem });
  });

  const fits = `"${'x'.repeat(limit - 2)}"`;
  const tooLarge = { value: undefined, problem: 'is larger than 1000 bytes' };

  it('takes exactly as much as the limit, on the wire and unpacked', async () => {
    expect((await read(fits)).value).toHaveLength(limit - 2);
    expect((await read(gzipSync(fits), { 'content-encoding': 'gzip' })).value).toHaveLength(limit - 2);
    expect(await read(`${fits} `)).toEqual(tooLarge);
    expect(await read(gzipSync(`${fits} `), { 'content-encoding': 'gzip' })).toEqual(tooLarge);
  });

  it.each<[string, (body: string) => Uint8Array]>([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
    ['br', brotliCompressSync],
  ])('F1: a small body in %s that unpacks to a large one is too large', async (coding, pack) => {
    const bomb = pack(' '.repeat(100_000));
    expect(bomb.byteLength).toBeLessThan(limit);
    expect(await read(bomb, { 'content-encoding': coding })).toEqual(tooLarge);
  });

  it('F1: a body that is packed over and over is not unpacked', async () => {
    const four = Array<string>(4).fill('identity').join();
    expect(await read('1', { 'content-encoding': four })).toEqual({ value: 1 });
    expect(await read('1', { 'content-encoding': `${four},identity` })).toEqual({
      value: undefined,
      problem: 'is packed too many times',
    });
  });

  it('F1: ends the stream at the limit, with or without a declared length', async () => {
    for (const [headers, most] of [
      [{}, 11],
      [{ 'content-length': '5000' }, 1],
    ] as const) {
      let given = 0;
      let ended = false;
      const endless = (async function* () {
        try {
          for (;;) {
            given += 1;
            yield Buffer.alloc(100);
          }
        } finally {
          ended = true;
        }
      })();
      expect(await readReplyBody(endless, headers, limit)).toEqual(tooLarge);
      expect({ given, ended }).toEqual({ given: most, ended: true });
    }
  });

  it('a length declared for a body that is not there, as HEAD has it, is no problem', async () => {
    expect(await readReplyBody(stream(), { 'content-length': '5000' }, limit)).toEqual({ value: undefined });
  });

  it.each(['NaN', '-1', 'x', '1e400x', ''])('a declared length of %j is not believed', async (length) => {
    expect(await read('1', { 'content-length': length })).toEqual({ value: 1 });
  });

  it('rejects as the stream does', async () => {
    const broken = new Error('broken');
    const failing = (async function* () {
      yield Buffer.from('{');
      throw broken;
    })();
    await expect(readReplyBody(failing, {}, limit)).rejects.toBe(broken);
  });
});
