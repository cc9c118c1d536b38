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
const server = fork(fileURLToPath(new URL('server.mjs', import.meta.url)), { execArgv: [] });
const [port] = await once(server, 'message');
const origin = `http://127.0.0.1:${port}`;
const url = `${origin}/carriers/7`;

const source = await warmSource(origin);
const bearer = `Bearer ${(await source.getToken()).value}`;

await compareAll('Authorised requests', comparisons());
server.disconnect();

function* comparisons() {
  const undici = authorizedUndici();
  const axiosClient = refreshingAxios();
  const ourFetch = authorizedFetching();
  for (const width of [50, 1]) {
    yield pair(width, ['undici, `authorize`', undici], ['undici, fixed header', bareUndici()], {
      bar: { atLeast: 0.97 },
    });
    yield pair(width, ['undici, `authorize`', undici], ['axios with axios-auth-refresh', axiosClient], {
      bar: { atLeast: 2.5 },
      longer: 2,
    });
  }
  for (const width of [50, 1])
    yield pair(width, ['`authorizedFetch`', ourFetch], ['fetch, fixed header', bareFetch], {
      bar: { atLeast: 0.97 },
    });
  for (const peer of [
    ['axios with axios-auth-refresh', axiosClient],
    ['ky with hooks', hookedKy()],
    ['@badgateway/oauth2-client', oauth2Fetching()],
    ['google-auth-library', googleRequests()],
  ])
    yield pair(50, ['`authorizedFetch`', ourFetch], peer, { longer: 2 });
}

/** The same request by two clients, `width` of them at a time. */
function pair(width, ours, other, options) {
  const workload = ([name, send]) => ({
    name: `${name}, ${width} at a time`,
    run: (calls) => sendAll(calls, width, send),
  });
  // Requests vary more than calls do.
  return {
    ours: workload(ours),
    other: workload(other),
    as: 'throughput',
    withGarbage: true,
    longer: 6,
    ...options,
  };
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
