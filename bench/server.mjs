// The server of the benchmark, for a process of its own: tells its port, answers every GET that has a token with 200 and
// a little JSON, and ends with the process that started it.
//
// Hardly HTTP, and so quick that it is the client that is waited for. Requests have no bodies here.
import { createServer } from 'node:net';

const end = '\r\n\r\n';
const welcome = answer('200 OK', '{"id":7,"name":"Sample Carrier"}');
const unsigned = answer('400 Bad Request', '{"error":"no token"}');

const server = createServer({ noDelay: true }, (socket) => {
  let unread = '';
  socket.setEncoding('latin1');
  socket.on('data', (text) => {
    const requests = (unread + text).split(end);
    unread = requests.pop();
    for (const request of requests)
      socket.write(/\r\nauthorization: bearer ./i.test(request) ? welcome : unsigned);
  });
  // Connections that the client drops when it ends.
  socket.on('error', () => {});
});
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
process.on('disconnect', () => process.exit());

function answer(status, body) {
  return `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}${end}${body}`;
}
