// For a process of its own: tells its port, answers every login with the text that it was given, and ends with its parent.
import { createServer } from 'node:http';

const [reply] = process.argv.slice(2);
const server = createServer((request, response) => {
  request.resume().on('end', () => response.setHeader('content-type', 'application/json').end(reply));
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
process.on('disconnect', () => process.exit());
