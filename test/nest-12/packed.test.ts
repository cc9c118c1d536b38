import 'reflect-metadata';
import { createRequire } from 'node:module';
import { LatchkeyModule } from '@latchkey/nestjs-auth';
import type { Provider } from '@latchkey/core';
import { Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { beforeAll, describe, expect, inject, it } from 'vitest';

Logger.overrideLogger(false);

@Module({ imports: [LatchkeyModule.forRoot({ providers: [] as never as [Provider] })] })
class FailingModule {}

describe('what these tests run against', () => {
  const version = inject('nestVersion');
  let stack: string;

  beforeAll(async () => {
    const failure = await NestFactory.create(FailingModule, new ExpressAdapter(), {
      abortOnError: false,
    }).catch((error: unknown) => error);
    ({ stack = '' } = failure as Error);
  });

  it('is the version of Nest that the project is named after', () => {
    const [, folder = ''] = /\((?:file:\/\/)?(\/.*\/@nestjs\/core\/)/.exec(stack) ?? [];
    const { version: found } = createRequire(folder)('@nestjs/core/package.json') as { version: string };
    expect(found).toMatch(new RegExp(`^${version}\\.`));
  });

  it('is our packages as they are published', () => {
    const [, file] = /\/(test\/[^\s:]+\/@latchkey\/nestjs-auth\/[^\s:]+)/.exec(stack) ?? [];
    expect(file).toMatch(
      new RegExp(`^test/nest-${version}/node_modules/\\.packed/node_modules/@latchkey/nestjs-auth/dist/`),
    );
    expect(stack).not.toMatch(/packages\/[a-z-]+\/src/);
  });
});
