export { providerContract, type ProviderSetup, type TestFunction } from './provider-contract.js';
export { storeContract, type StoreSetup } from './store-contract.js';
export {
  fakeProvider,
  type FakeAccount,
  type FakeCredentials,
  type FakeProvider,
  type FakeUser,
} from './fake-provider.js';
export { tokenSourceContract, type TokenSourceSetup } from './token-source-contract.js';
export { virtualClock, type VirtualClock } from './virtual-clock.js';
