import { fork } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

// A program by itself, in the place where the packages are that are tested.
const place = `../nest-${inject('nestVersion')}/node_modules/.packed/stopped-during-sign-in.mjs`;
const program = fileURLToPath(new URL(place, import.meta.url));
const graceMs = 300;

beforeAll(() => {
  writeFileSync(
    program,
    `import 'reflect-metadata';
    import { fakeProvider } from '@latchkey/core/testing';
    import { LatchkeyModule } from '@latchkey/nestjs-auth';
    import { Module } from '@nestjs/common';
    import { NestFactory } from '@nestjs/core';
    import { ExpressAdapter } from '@nestjs/platform-express';
    import { FastifyAdapter } from '@nestjs/platform-fastify';

    // It never answers, and does not heed that it is given up.
    const signIn = () => new Promise(() => process.send({ asked: true }));
    class AppModule {}
    Module({
      imports: [
        LatchkeyModule.forRoot({
          providers: [{ ...fakeProvider(), signIn }],
          shutdownGraceMs: ${graceMs},
        }),
      ],
    })(AppModule);

    const adapter = process.argv[2] === 'Fastify' ? new FastifyAdapter() : new ExpressAdapter();
    const app = await NestFactory.create(AppModule, adapter, { logger: false });
    app.enableShutdownHooks();
    await app.listen(0, '127.0.0.1');
    process.send({ url: await app.getUrl() });
    `,
  );
});
afterAll(() => rmSync(program));

describe('an application that is told to stop', () => {
  it.each(['Express', 'Fastify'])('N7: during a sign-in on %s, ends within the grace', async (adapter) => {
    const child = fork(program, [adapter], { execArgv: [] });
    const exited = once(child, 'exit');
    const [{ url }] = (await once(child, 'message')) as [{ url: string }];
    const answering = fetch(`${url}/auth/fake/sign-in`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'user@example.com', password: 'correct horse' }),
    });
    await once(child, 'message');
    const toldAt = performance.now();
    child.kill('SIGTERM');
    expect((await answering).status).toBe(503);
    expect(await exited).toEqual([null, 'SIGTERM']);
    const tookMs = performance.now() - toldAt;
    expect(tookMs).toBeGreaterThan(graceMs - 50);
    // The grace, and what a busy machine adds to it: far less than it takes to wait for connections that are kept alive.
    expect(tookMs).toBeLessThan(graceMs + 3_000);
  });
});
