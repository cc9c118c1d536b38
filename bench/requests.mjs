// Authorised requests to a server in another process: ours beside the same client with a fixed header, and beside others.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent as HttpAgent } from 'node:http';
import { fileURLToPath } from 'node:url';
import axios from 'axios';
import { createAuthRefresh } from 'axios-auth-refresh';
import ky from 'ky';
import { Agent, request } from 'undici';
import { authorize, authorizedFetch, warmSource } from './latchkey.mjs';
import { compareAll } from './pairs.mjs';
import { badgateway, google } from './peers.mjs';

const { fetch } = globalThis;
const server = fork(fileURLToPath(new URL('server.mjs', import.meta.url)));
const [port] = await once(server, 'message');
const origin = `http://127.0.0.1:${port}`;
const url = `${origin}/carriers/7`;

const source = await warmSource(origin);
const bearer = `Bearer ${(await source.getToken()).value}`;

await compareAll('Authorised requests', comparisons());
server.disconnect();

function* comparisons() {
  const undici = authorizedUndici();
  const fetching = authorizedFetching();
  // Requests vary more than calls do, and answers leave much garbage.
  const as = 'throughput';
  const longer = 6;

  for (const width of [50, 1]) {
    const sending = (name, send) => ({
      name: `${name}, ${width} at a time`,
      run: (calls) => sendAll(calls, width, send),
    });
    const ours = sending('undici, `authorize`', undici);
    const bare = sending('undici, fixed header', bareUndici());
    const peer = sending('axios with axios-auth-refresh', refreshingAxios());
    yield { ours, other: bare, as, longer, bar: { atLeast: 0.97 } };
    yield { ours, other: peer, as, bar: { atLeast: 2.5 } };
  }
  for (const width of [50, 1]) {
    const sending = (name, send) => ({
      name: `${name}, ${width} at a time`,
      run: (calls) => sendAll(calls, width, send),
    });
    const ours = sending('`authorizedFetch`', fetching);
    yield { ours, other: sending('fetch, fixed header', bareFetch), as, longer, bar: { atLeast: 0.97 } };
    if (width === 1) continue;
    yield { ours, other: sending('axios with axios-auth-refresh', refreshingAxios()), as };
    yield { ours, other: sending('ky with hooks', hookedKy()), as };
    yield { ours, other: sending('@badgateway/oauth2-client', oauth2Fetching()), as };
    yield { ours, other: sending('google-auth-library', googleRequests()), as };
  }
}

/** Makes `calls` requests, `width` of them at a time. */
async function sendAll(calls, width, send) {
  let left = calls;
  const sendSome = async () => {
    while (left > 0) {
      left -= 1;
      const { id } = await send();
      if (id !== 7) throw new Error('The answer was another one.');
    }
  };
  await Promise.all(Array.from({ length: width }, sendSome));
}

function authorizedUndici() {
  const dispatcher = new Agent().compose(authorize(source));
  return async () => {
    const { body } = await request(url, { dispatcher });
    return body.json();
  };
}

function bareUndici() {
  const dispatcher = new Agent();
  return async () => {
    const { body } = await request(url, { dispatcher, headers: { authorization: bearer } });
    return body.json();
  };
}

function authorizedFetching() {
  const authorized = authorizedFetch(source);
  return async () => (await authorized(url)).json();
}

async function bareFetch() {
  return (await fetch(url, { headers: { authorization: bearer } })).json();
}

function refreshingAxios() {
  let kept = bearer;
  const client = axios.create({ httpAgent: new HttpAgent({ keepAlive: true }) });
  client.interceptors.request.use((config) => {
    config.headers.Authorization = kept;
    return config;
  });
  createAuthRefresh(client, async () => {
    kept = `Bearer ${(await source.getToken()).value}`;
  });
  return async () => (await client.get(url)).data;
}

function hookedKy() {
  let kept = bearer;
  const client = ky.create({
    hooks: {
      beforeRequest: [(request) => request.headers.set('authorization', kept)],
      afterResponse: [
        async (request, _options, response) => {
          if (response.status !== 401) return response;
          kept = `Bearer ${(await source.getToken()).value}`;
          request.headers.set('authorization', kept);
          return fetch(request);
        },
      ],
    },
  });
  return () => client.get(url).json();
}

function oauth2Fetching() {
  const client = badgateway();
  return async () => (await client.fetch(url)).json();
}

function googleRequests() {
  const client = google();
  return async () => (await client.request({ url })).data;
}
