export { LatchkeyTestingModule, testOptions, type TestOptions } from './latchkey-testing.module.js';
export { signIn, type TestSignIn } from './sign-in.js';
export { testProvider, type TestProvider, type TestUser } from './test-provider.js';
