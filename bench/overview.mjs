// All that answers from memory, at a glance: wall-clock time, with mitata. The bars are checked by the other files.
import { bench, group, run, summary } from 'mitata';
import { keptByDate, keptByPerformance, peekedByDate, peekedByPerformance } from './by-hand.mjs';
import { warmSource } from './latchkey.mjs';
import { azure, badgateway, google, smithy } from './peers.mjs';

const source = await warmSource();
const oauth2Fetch = badgateway();
const googleClient = google();
const identity = smithy();
const [peekDate, peekPerformance] = await Promise.all([peekedByDate(), peekedByPerformance()]);

group('a warm token, awaited', () => {
  summary(() => {
    bench('getToken()', () => source.getToken()).baseline(true);
    bench('by hand, Date.now()', keptByDate());
    bench('by hand, performance.now()', keptByPerformance());
    // Wrapped, since a function that takes a parameter is something else to mitata.
    bench('@smithy/core', () => identity());
    bench('@badgateway/oauth2-client', () => oauth2Fetch.getAccessToken());
    bench('google-auth-library', () => googleClient.getAccessToken());
    bench('google-auth-library, headers', () => googleClient.getRequestHeaders());
    bench('Azure, its whole policy', azure());
  });
});

group('a warm token, at once', () => {
  summary(() => {
    bench('peek()', () => source.peek()).baseline(true);
    bench('by hand, Date.now()', peekDate);
    bench('by hand, performance.now()', peekPerformance);
  });
});

await run({ colors: process.stdout.isTTY === true });
