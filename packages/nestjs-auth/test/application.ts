import 'reflect-metadata';
import {
  Module,
  type INestApplication,
  type LoggerService,
  type ModuleMetadata,
  type Type,
} from '@nestjs/common';
import { NestFactory, type AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { onTestFinished } from 'vitest';

/** For applications that are made by other means than `listening`. */
export const silent: LoggerService = { log: () => {}, error: () => {}, warn: () => {} };

export const adapters: Readonly<Record<'Express' | 'Fastify', () => AbstractHttpAdapter>> = {
  Express: () => new ExpressAdapter(),
  Fastify: () => new FastifyAdapter(),
};

/** An answer, with what tests look at. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly cookies: readonly string[];
  header(name: string): string | null;
}

/** An application that listens, and what asks it. */
export interface Listening {
  readonly app: INestApplication;
  readonly origin: string;
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
}

/** Starts an application of these modules and controllers; it is closed when the test is over. */
export async function listening(
  metadata: ModuleMetadata,
  options: {
    readonly adapter?: keyof typeof adapters;
    readonly prepare?: (app: INestApplication) => void;
    readonly logger?: LoggerService;
  } = {},
): Promise<Listening> {
  const { adapter = 'Express', prepare, logger = silent } = options;
  const app = await NestFactory.create(moduleOf(metadata), adapters[adapter](), {
    abortOnError: false,
    logger,
  });
  prepare?.(app);
  return serve(app);
}

/** Has an application listen until the test is over. */
export async function serve(app: INestApplication): Promise<Listening> {
  await app.listen(0, '127.0.0.1');
  onTestFinished(() => app.close());
  const origin = await app.getUrl();
  return {
    app,
    origin,
    get: (path, headers = {}) => ask(origin + path, { headers }),
    post: (path, body, headers = {}) =>
      ask(origin + path, {
        method: 'POST',
        headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }),
  };
}

export function moduleOf(metadata: ModuleMetadata): Type {
  @Module(metadata)
  class AppModule {}
  return AppModule;
}

async function ask(url: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(url, init);
  const { status, headers } = response;
  const isJson = headers.get('content-type')?.includes('json') ?? false;
  return {
    status,
    body: await (isJson ? response.json() : response.text()),
    cookies: headers.getSetCookie(),
    header: (name) => headers.get(name),
  };
}
