import { describe, expect, it } from 'vitest';
import { startCryptlexEmulator, startLclxEmulator } from '../src/index.js';

const user = { email: 'a@example.com', password: 'sample-password' };

describe('the options of an emulator', () => {
  it.each<[string, object, RegExp]>([
    ['a port as text', { port: '4711x' }, /option "port" takes a whole number from 0 to 65535/],
    ['a port that there is not', { port: 65_536 }, /option "port"/],
    ['a port that is not whole', { port: 1.5 }, /option "port"/],
    ['a misspelt option', { user: [user] }, /Unknown option "user"\. Known: port, users, behaviour/],
    ['a user without a password', { users: [{ email: user.email }] }, /option "users" takes a list of users/],
    ['users that are no list', { users: user }, /option "users"/],
    ['switches that are none', { behaviour: 'bom' }, /option "behaviour"/],
  ])('refuse %s, by name', async (_, options, said) => {
    await expect(startLclxEmulator(options)).rejects.toThrow(said);
    await expect(startCryptlexEmulator(options)).rejects.toThrow(said);
  });

  it('refuse an account that is none', async () => {
    await expect(startCryptlexEmulator({ accountAlias: '' })).rejects.toThrow(
      /option "accountAlias" takes text/,
    );
  });

  it('may be undefined', async () => {
    const options = { port: undefined, users: undefined, behaviour: undefined } as object;
    await using emulator = await startLclxEmulator(options);
    expect(emulator.origin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it('next refuses what is no fault', async () => {
    await using emulator = await startLclxEmulator();
    expect(() => emulator.next(null as never)).toThrow(/Unknown fault/);
    expect(() => emulator.next(undefined as never)).toThrow(/Unknown fault/);
  });
});
