import { brotliCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { failureOf } from './failures.js';
import { startHttp, startReplying } from './loopback.js';
import { login, until, upstreamAt } from './upstreams.js';

const limit = 64 * 1024;
const mebibyte = 1024 * 1024;
// What the buffers of both ends of a connection may take beside; a fraction of what the server has to give.
const slack = 24 * mebibyte;

/** The most memory that buffers took while `work` ran, beyond what they took before. */
async function peakOf(work: Promise<unknown>): Promise<number> {
  const before = process.memoryUsage().arrayBuffers;
  const running = new AbortController();
  const end = () => running.abort();
  work.then(end, end);
  let peak = 0;
  while (!running.signal.aborted) {
    peak = Math.max(peak, process.memoryUsage().arrayBuffers - before);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return peak;
}

describe('a body that is too large', () => {
  it.each<[string, Record<string, string>]>([
    ['declared', { 'content-length': String(200 * mebibyte) }],
    ['chunked', {}],
  ])('F1: a %s one of 200 MiB is not read to its end', async (_, headers) => {
    const chunk = Buffer.alloc(limit, ' ');
    let written = 0;
    let isOpen = true;
    const server = await startHttp((_request, response) => {
      response.writeHead(200, headers);
      response.on('close', () => (isOpen = false));
      const more = () => {
        let wants = true;
        while (isOpen && wants && written < 200 * mebibyte) {
          written += chunk.byteLength;
          wants = response.write(chunk);
        }
      };
      response.on('drain', more);
      more();
    });
    const call = failureOf(upstreamAt(server.origin, { maxResponseBytes: limit }).json(login()));
    expect(await peakOf(call)).toBeLessThan(slack);
    const error = await call;
    expect(error).toMatchObject({ code: 'invalid_response', status: 200 });
    expect(error.message).toContain(`is larger than ${limit} bytes`);
    await until(() => !isOpen && server.sockets.size === 0);
    expect(written).toBeLessThan(slack);
  });

  it.each<[string, Uint8Array]>([
    // A gzip stream may have many members, each of which unpacks to a mebibyte.
    ['gzip', Buffer.concat(Array<Uint8Array>(500).fill(gzipSync(Buffer.alloc(mebibyte, ' '))))],
    ['br', brotliCompressSync(Buffer.alloc(64 * mebibyte, ' '), { params: {} })],
  ])('F1: a bomb in %s takes no more memory than the limit allows', async (coding, bomb) => {
    const maxResponseBytes = mebibyte;
    expect(bomb.byteLength).toBeLessThan(maxResponseBytes);
    const server = await startReplying(`HTTP/1.1 200 OK\r\nContent-Encoding: ${coding}\r\n\r\n`, bomb);
    const call = failureOf(upstreamAt(server.origin, { maxResponseBytes }).json(login()));
    expect(await peakOf(call)).toBeLessThan(slack);
    expect((await call).message).toContain(`is larger than ${maxResponseBytes} bytes`);
  });

  it('F1: one that is packed a thousand times is not unpacked', async () => {
    const coding = Array<string>(1_000).fill('gzip').join(',');
    const server = await startReplying(
      `HTTP/1.1 200 OK\r\nContent-Encoding: ${coding}\r\n\r\n`,
      gzipSync('1'),
    );
    const error = await failureOf(upstreamAt(server.origin).json(login()));
    expect(error).toMatchObject({ code: 'invalid_response' });
    expect(error.message).toContain('packed too many times');
  });

  it('F1: an endless line of headers ends too', async () => {
    const server = await startReplying('HTTP/1.1 200 OK\r\n', 'X-Filler: 1\r\n'.repeat(100_000));
    expect((await failureOf(upstreamAt(server.origin).json(login()))).code).toBe('invalid_response');
  });
});
