/**
 * The server that requests are sent to, in a process of its own: answers each request at once with the same 15 bytes, and looks at
 * none, so that the sender is what is measured. Tells its parent its port.
 */

import { type AddressInfo, createServer, type Socket } from 'node:net';

const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 15\r\n\r\nhello, replay!\n';
const HEAD_ANSWER = 'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 15\r\n\r\n';
const HEAD_END = '\r\n\r\n';

const serve = (socket: Socket): void => {
  let waiting = '';
  socket.setNoDelay(true).setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    waiting += chunk;
    let answers = '';
    for (let end = waiting.indexOf(HEAD_END); end >= 0; end = waiting.indexOf(HEAD_END)) {
      answers += waiting.startsWith('HEAD ') ? HEAD_ANSWER : ANSWER;
      waiting = waiting.slice(end + HEAD_END.length);
    }
    if (answers !== '') socket.write(answers, 'latin1');
  });
  // A client that is done goes without a word.
  socket.on('error', () => socket.destroy());
};

const server = createServer(serve);
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit());
