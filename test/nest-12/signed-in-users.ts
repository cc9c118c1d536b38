import { LatchkeyError, memoryStore, type Store } from '@latchkey/core';
import { sessionCookie } from '@latchkey/core/http';
import { fakeProvider, type FakeProvider } from '@latchkey/core/testing';
import { Sessions } from '@latchkey/nestjs-auth';
import type { INestApplicationContext } from '@nestjs/common';

const password = 'correct horse';

/** A provider at which `a@example.com`, `b@example.com` and fifty more can sign in. */
export function providerWithUsers(): FakeProvider {
  const names = ['a', 'b', ...Array.from({ length: 50 }, (_, at) => `user${at}`)];
  return fakeProvider({ users: names.map((name) => ({ email: `${name}@example.com`, password })) });
}

/** What somebody who has signed in can show. */
export interface SignedInUser {
  readonly id: string;
  readonly bearer: { readonly authorization: string };
  readonly cookie: { readonly cookie: string };
}

export async function signIn(app: INestApplicationContext, email: string): Promise<SignedInUser> {
  const { id } = await app.get<Sessions>(Sessions).signIn('fake', { email, password });
  const [cookie = ''] = sessionCookie(id).split(';');
  return { id, bearer: { authorization: `Bearer ${id}` }, cookie: { cookie } };
}

/** A store that fails while it is told to. */
export function failingStore(): Store & { isDown: boolean } {
  const { get, getMany, ...store } = memoryStore();
  const failing = {
    ...store,
    isDown: false,
    get: (key: string) => (failing.isDown ? down() : get(key)),
    getMany: (keys: readonly string[]) => (failing.isDown ? down() : getMany!(keys)),
  };
  return failing;
}

function down(): Promise<never> {
  return Promise.reject(new LatchkeyError('store_error', { message: 'connect ECONNREFUSED 10.0.0.7:6379' }));
}
