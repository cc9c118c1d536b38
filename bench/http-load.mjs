// Requests as cheap as they can be sent, so that it is the server that is waited for: kept connections, one request on each.
//
// This process never sleeps while it sends: to wake it would cost the server as much as a part of the answer does, and the
// more often the slower the server is.
import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate } from 'node:timers';

const end = '\r\n\r\n';

/**
 * Opens connections to a local server that is to give the same answer to every `GET`, with the status 200 and this body.
 *
 * @returns what sends so many requests, on all connections, and what closes those.
 */
export async function httpLoad({ port, path, headers, body, connections }) {
  const lines = Object.entries({ host: `127.0.0.1:${port}`, ...headers }).map((header) => header.join(': '));
  const request = `GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}${end}`;
  let unsent = 0;
  let unanswered = 0;
  let done = () => {};

  const sockets = await Promise.all(Array.from({ length: connections }, open));
  return { send, close: () => sockets.forEach((socket) => socket.destroy()) };

  async function open() {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.setEncoding('latin1');
    await once(socket, 'connect');
    let unread = '';
    socket.on('data', (text) => {
      unread += text;
      if (!unread.includes(end)) return;
      if (!unread.startsWith('HTTP/1.1 200 ')) throw new Error(unread);
      if (!unread.endsWith(end + body)) return;
      unread = '';
      unanswered -= 1;
      sendOne(socket);
      if (unanswered === 0) done();
    });
    return socket;
  }

  function send(calls) {
    unsent = unanswered = calls;
    const all = new Promise((resolve) => (done = resolve));
    sockets.forEach(sendOne);
    stayAwake();
    return all;
  }

  function stayAwake() {
    if (unanswered > 0) setImmediate(stayAwake);
  }

  function sendOne(socket) {
    if (unsent === 0) return;
    unsent -= 1;
    socket.write(request);
  }
}
