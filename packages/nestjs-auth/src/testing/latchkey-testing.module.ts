import { Module, type DynamicModule } from '@nestjs/common';
import { LatchkeyModule } from '../latchkey.module.js';
import type { LatchkeyModuleExtras, LatchkeyModuleOptions } from '../latchkey.options.js';
import { testProvider, type TestProvider } from './test-provider.js';

/** What `testOptions` takes: the options of `LatchkeyModule`, with providers by their name. */
export interface TestOptions extends Omit<LatchkeyModuleOptions, 'providers'> {
  /** Names, each for a provider in memory, or providers made with `testProvider`. Default: one, `test`. */
  readonly providers?: readonly (string | TestProvider)[] | undefined;
}

/**
 * Options for `LatchkeyModule` whose providers are in memory: to put them in the place of an application's own.
 *
 * @example
 * Test.createTestingModule({ imports: [AppModule] })
 *   .overrideProvider(LATCHKEY_OPTIONS)
 *   .useValue(testOptions({ providers: ['cryptlex'] }));
 */
export function testOptions({ providers = ['test'], ...options }: TestOptions = {}): LatchkeyModuleOptions {
  return {
    ...options,
    providers: providers.map((one) => (typeof one === 'string' ? testProvider(one) : one)),
  };
}

/** `LatchkeyModule` for tests: users sign in at providers in memory, and nothing is sent anywhere. */
@Module({})
export class LatchkeyTestingModule {
  /** @param options as for `LatchkeyModule.forRoot`. Default: one provider, `test`. */
  static forRoot(options: TestOptions & LatchkeyModuleExtras = {}): DynamicModule {
    return LatchkeyModule.forRoot({ ...options, ...testOptions(options) });
  }
}
