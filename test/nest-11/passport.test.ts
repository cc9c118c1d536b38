import 'reflect-metadata';
import { fakeProvider } from '@latchkey/core/testing';
import { Strategy, type SignInResult } from '@latchkey/passport-strategy';
import { Controller, Get, HttpException, Logger, Module, Post, Req, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuthGuard, PassportStrategy } from '@nestjs/passport';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { expect, it } from 'vitest';
import { passportScenarios, type Nest } from '../nest/passport-scenarios.js';

Logger.overrideLogger(false);

passportScenarios(11, {
  Controller,
  Get,
  Post,
  Req,
  UseGuards,
  Module,
  HttpException,
  // Its own type follows the constructor of the strategy that it is given, of which the scenarios have two.
  PassportStrategy: PassportStrategy as unknown as Nest['PassportStrategy'],
  AuthGuard,
  create: {
    Express: (module) => NestFactory.create(module, new ExpressAdapter()),
    Fastify: (module) => NestFactory.create<NestFastifyApplication>(module, new FastifyAdapter()),
  },
});

class TypedStrategy extends PassportStrategy(Strategy, 'typed') {
  constructor() {
    super({ provider: fakeProvider() });
  }
  validate({ identity }: SignInResult) {
    return identity;
  }
}

it('P6: compiles as PassportStrategy(Strategy), with the options in their types', () => {
  expect(new TypedStrategy()).toBeInstanceOf(Strategy);
});
