import type { ServerResponse } from 'node:http';
import { type Answer, sendAnswer } from './answer.js';

/** Sends the answer after `delayMs`, unless the client has gone by then. */
export function sendLater(response: ServerResponse, answer: Answer, delayMs: number): void {
  const timer = setTimeout(() => sendAnswer(response, answer), delayMs);
  response.once('close', () => clearTimeout(timer));
}

/** Sends the headers at once and then one byte of the body every `intervalMs`, until the client goes. */
export function sendSlowly(
  response: ServerResponse,
  { status, headers, body }: Answer,
  intervalMs: number,
): void {
  response.writeHead(status, { ...headers, 'content-length': String(body.length) });
  response.flushHeaders();
  let sent = 0;
  const timer = setInterval(() => {
    if (sent < body.length) response.write(body.subarray(sent, ++sent));
    else response.end();
  }, intervalMs);
  response.once('close', () => clearInterval(timer));
}

/**
 * Sends the headers and half of the body, then resets the connection. An empty body is declared one byte long.
 *
 * The reset comes a moment later: a client that finds the bytes and the reset at once takes them for a plain end.
 */
export function sendHalf(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, { ...headers, 'content-length': String(Math.max(body.length, 1)) });
  response.flushHeaders();
  const reset = () => response.socket?.resetAndDestroy();
  // After a timer comes the reading of sockets, then `setImmediate`: a client in this process has read by then.
  response.write(body.subarray(0, body.length >> 1), () =>
    setTimeout(() => setImmediate(reset), RESET_AFTER_MS),
  );
}

const RESET_AFTER_MS = 20;
