// A warm token: ours beside the same check written by hand, and beside other libraries.
import { keptByDate, keptByPerformance, peekedByDate, peekedByPerformance } from './by-hand.mjs';
import { warmSource } from './latchkey.mjs';
import { asyncLoop, loop } from './loop.mjs';
import { compareAll } from './pairs.mjs';
import { azure, badgateway, google, smithy } from './peers.mjs';

const source = await warmSource();
const getToken = asyncLoop('getToken()', () => source.getToken());
const peek = loop('peek()', () => source.peek());

const oauth2Fetch = badgateway();
const googleClient = google();
const peers = [
  asyncLoop('@smithy/core, memoizeIdentityProvider', smithy()),
  asyncLoop('@badgateway/oauth2-client, getToken()', () => oauth2Fetch.getToken()),
  asyncLoop('@badgateway/oauth2-client, getAccessToken()', () => oauth2Fetch.getAccessToken()),
  asyncLoop('google-auth-library, getAccessToken()', () => googleClient.getAccessToken()),
  asyncLoop('google-auth-library, getRequestHeaders()', () => googleClient.getRequestHeaders()),
  asyncLoop('@azure/core-rest-pipeline, bearerTokenAuthenticationPolicy', azure()),
];

await compareAll('A warm token', [
  {
    ours: getToken,
    other: asyncLoop('by hand, async, `Date.now()`', keptByDate()),
    bar: { atMost: 1.1 },
  },
  {
    ours: getToken,
    other: asyncLoop('by hand, async, `performance.now()`', keptByPerformance()),
    bar: { atMost: 1.1 },
  },
  {
    ours: peek,
    other: loop('by hand, `Date.now()`', await peekedByDate()),
    bar: { atMost: 1.15 },
  },
  {
    ours: peek,
    other: loop('by hand, `performance.now()`', await peekedByPerformance()),
    bar: { atMost: 1.15 },
  },
  ...peers.map((other) => ({ ours: getToken, other, bar: { atMost: 1 } })),
]);
