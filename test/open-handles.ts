import { afterAll } from 'vitest';

// A timer, a socket, a server or a process that is left behind would keep an application from ending: the file that left
// it fails. What lies idle in a pool of connections does not count, since that keeps nothing alive.
const kinds = new Set([
  'Timeout',
  'TCPSocketWrap',
  'TCPServerWrap',
  'TLSWrap',
  'ProcessWrap',
  'GetAddrInfoReqWrap',
]);
const longestWaitMs = 5_000;

const before = open();

afterAll(async () => {
  const startedAt = performance.now();
  // Connections that were ended take a few turns of the event loop to go.
  while (left().length > 0 && performance.now() < startedAt + longestWaitMs) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (left().length > 0) throw new Error(`The tests of this file left open: ${left().join(', ')}.`);
});

function open(): string[] {
  return process.getActiveResourcesInfo().filter((kind) => kinds.has(kind));
}

function left(): string[] {
  const known = [...before];
  return open().filter((kind) => {
    const place = known.indexOf(kind);
    if (place >= 0) known.splice(place, 1);
    return place < 0;
  });
}
