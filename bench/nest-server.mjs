// A Nest application with one route, for a process of its own: node nest-server.mjs <express|fastify> <guard>
//
// It tells its port and the headers that its guard lets through, and then the CPU time of the process whenever
// it is asked. It ends with the process that started it. Decorators are called by hand, as plain JavaScript has none.
import { randomBytes } from 'node:crypto';
import 'reflect-metadata';
import { Sessions } from '@latchkey/core';
import { fakeProvider } from '@latchkey/core/testing';
import { LatchkeyModule } from '@latchkey/nestjs-auth';
import { Controller, Get, Injectable, Module, UseGuards } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { JwtModule, JwtService } from '@nestjs/jwt';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Strategy as BearerStrategy } from 'passport-http-bearer';
import { ExtractJwt, Strategy as JwtStrategy } from 'passport-jwt';
import { thisProcess } from './this-process.mjs';

const user = { sub: '7c0f5a1e-3b1d-4a53-9a3e-5f0c2f1d8b64', email: 'user@example.com', name: 'Sample User' };

const guards = {
  none: () => ({}),
  'empty, sync': () => ({ providers: [globalGuard(() => true)] }),
  'empty, async': () => ({ providers: [globalGuard(async () => true)] }),
  latchkey,
  bearer,
  jwt,
};

const adapters = { express: ExpressAdapter, fastify: FastifyAdapter };

const [adapter, guard] = process.argv.slice(2);
const { headersOf, ...parts } = guards[guard]();
const app = await NestFactory.create(appOf(parts), new adapters[adapter](), { logger: false });
await app.listen(0, '127.0.0.1');
const server = app.getHttpServer();
server.keepAliveTimeout = 60_000;
process.on('message', (collects) => process.send(thisProcess.cpuMs(collects)));
process.on('disconnect', () => process.exit());
process.send({ port: server.address().port, headers: await headersOf?.(app) });

function appOf({ imports = [], providers = [], decorators = [] }) {
  class CarriersController {
    find() {
      return { id: 7, name: 'Sample Carrier' };
    }
  }
  const { prototype } = CarriersController;
  Get()(prototype, 'find', Object.getOwnPropertyDescriptor(prototype, 'find'));
  for (const decorate of [...decorators, Controller('carriers/7')]) decorate(CarriersController);

  class AppModule {}
  Module({ imports, providers, controllers: [CarriersController] })(AppModule);
  return AppModule;
}

function globalGuard(canActivate) {
  return { provide: APP_GUARD, useValue: { canActivate } };
}

function latchkey() {
  return {
    imports: [LatchkeyModule.forRoot({ providers: [fakeProvider()] })],
    async headersOf(app) {
      const form = { email: user.email, password: 'correct horse' };
      const { id } = await app.get(Sessions).signIn('fake', form);
      return { bearer: { authorization: `Bearer ${id}` }, cookie: { cookie: `__Host-latchkey=${id}` } };
    },
  };
}

function bearer() {
  const token = randomBytes(32).toString('base64url');
  const users = new Map([[token, user]]);
  class MapStrategy extends PassportStrategy(BearerStrategy) {
    validate(token) {
      return users.get(token) ?? false;
    }
  }
  Injectable()(MapStrategy);
  return {
    imports: [PassportModule],
    providers: [MapStrategy],
    decorators: [UseGuards(AuthGuard('bearer'))],
    headersOf: () => ({ bearer: { authorization: `Bearer ${token}` } }),
  };
}

function jwt() {
  const secret = randomBytes(32).toString('base64url');
  class TokenStrategy extends PassportStrategy(JwtStrategy) {
    constructor() {
      super({ jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(), secretOrKey: secret });
    }

    validate(payload) {
      return payload;
    }
  }
  Injectable()(TokenStrategy);
  return {
    imports: [PassportModule, JwtModule.register({ secret, signOptions: { expiresIn: '1d' } })],
    providers: [TokenStrategy],
    decorators: [UseGuards(AuthGuard('jwt'))],
    headersOf: (app) => ({ bearer: { authorization: `Bearer ${app.get(JwtService).sign(user)}` } }),
  };
}
