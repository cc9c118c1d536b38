import { AsyncLocalStorage } from 'node:async_hooks';
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Identity } from '@latchkey/core';
import type { LoggerService } from '@nestjs/common';
import { pino, type Logger } from 'pino';
import type { Config } from '../config/config.js';
import type { Middleware } from '../http/middleware.js';
import { requestLog } from './request-log.js';

/**
 * Writes a line of JSON for each request and for all that Nest logs, with the id of the request that it belongs to. No line
 * has a query, a header, a body or the name of a user: users are told apart by a keyed hash.
 */
export class Log implements LoggerService {
  private readonly pino: Logger;
  private readonly secret: string | Buffer;
  private readonly current = new AsyncLocalStorage<RequestNotes>();
  private readonly notes = new WeakMap<object, RequestNotes>();

  constructor(private readonly config: Config) {
    this.secret = config.logSecret ?? randomBytes(32);
    this.pino = pino({
      level: config.logLevel,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      // Of an error what it says, and nothing that is put on it: parsers put a body there.
      serializers: { err: ({ name, message, stack }: Error) => ({ name, message, stack }) },
      // A line of the request itself has them already.
      mixin: (line) => ('requestId' in line ? {} : { ...this.current.getStore() }),
    });
  }

  /** Middleware: gives the request an id, which the response tells as `X-Request-Id`, and logs how it ended. */
  get requests(): Middleware {
    const log = requestLog(this.pino, (request) => this.notes.get(request) ?? {});
    return (request, response, next) => {
      const notes: RequestNotes = { requestId: this.requestId(request) };
      this.notes.set(request, notes);
      response.setHeader('X-Request-Id', notes.requestId);
      log(request, response);
      this.current.run(notes, next);
    };
  }

  /** Has the lines of a request say whose it is. */
  noteUser(request: object, { provider, subject }: Pick<Identity, 'provider' | 'subject'>): void {
    const notes = this.notes.get(rawOf(request));
    const named = createHmac('sha256', this.secret).update(JSON.stringify([provider, subject]));
    if (notes) notes.user = named.digest('base64url').slice(0, 16);
  }

  /** What to tell a user who asks for help. */
  requestIdOf(request: object): string | undefined {
    return this.notes.get(rawOf(request))?.requestId;
  }

  /** Writes something that happened. */
  event(event: object): void {
    this.pino.info({ event });
  }

  log(message: unknown, ...details: unknown[]): void {
    this.write('info', message, details);
  }

  error(message: unknown, ...details: unknown[]): void {
    this.write('error', message, details);
  }

  warn(message: unknown, ...details: unknown[]): void {
    this.write('warn', message, details);
  }

  debug(message: unknown, ...details: unknown[]): void {
    this.write('debug', message, details);
  }

  /** Nest gives the name of what logs last, and a stack before it where there is one. */
  private write(level: 'debug' | 'info' | 'warn' | 'error', message: unknown, details: unknown[]) {
    const context = details.at(-1);
    const [stack] = details.slice(0, -1);
    if (message instanceof Error) this.pino[level]({ context, err: message });
    else this.pino[level]({ context, stack }, String(message));
  }

  /** That of a proxy, where there is one, so that its log and this one can be read together. */
  private requestId({ headers }: IncomingMessage): string {
    const given = headers['x-request-id'];
    const isGiven =
      this.config.trustedProxies > 0 && typeof given === 'string' && /^[\w-]{8,64}$/.test(given);
    return isGiven ? given : randomUUID();
  }
}

/** What the lines of one request have in common. */
interface RequestNotes {
  readonly requestId: string;
  user?: string;
}

/** Fastify wraps the request of Node, Express extends it. */
function rawOf(request: object): object {
  return (request as { readonly raw?: object }).raw ?? request;
}
