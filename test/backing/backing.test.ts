import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { accepts } from './accepts.ts';
import { askForPort, askForServer } from './ask-broker.ts';
import { Broker } from './broker.ts';
import { startChildServer } from './child-server.ts';
import { startFaultProxy } from './fault-proxy.ts';

describe('the servers of a test run', () => {
  it('are started once for all who ask, and end with the run', async () => {
    const broker = new Broker();
    const url = await broker.listen();
    const answers = await Promise.all([1, 2, 3].map(() => askForServer(url, 'kms')));
    assert.equal(new Set(answers.map((answer) => JSON.stringify(answer))).size, 1);
    const address = answers[0] && 'address' in answers[0] ? answers[0].address : '';
    assert.equal(await answersAt(address), true);
    assert.match((await broker.report()).join(), /^kms: /);
    await broker[Symbol.asyncDispose]();
    assert.equal(await answersAt(address), false);
  });

  it('are each given a port that no other is given, however long they take to listen', async () => {
    await using broker = new Broker();
    const url = await broker.listen();
    const ports = await Promise.all(Array.from({ length: 200 }, () => askForPort(url)));
    assert.equal(new Set(ports).size, ports.length);
  });

  it('that do not start are an error', async () => {
    await assert.rejects(
      startChildServer('false', () => []),
      /did not start/,
    );
  });
});

describe('the proxy for faults', () => {
  it('passes what it may, delays, holds back, cuts and refuses', async () => {
    const echo = createServer((socket) => {
      socket.on('error', () => {}).pipe(socket);
    }).listen(0, '127.0.0.1');
    echo.unref();
    await once(echo, 'listening');
    const bound = echo.address();
    await using proxy = await startFaultProxy(
      `127.0.0.1:${typeof bound === 'object' ? bound?.port : ''}`,
    );
    const [host, port] = proxy.address.split(':');
    const socket = connect(Number(port), host);
    socket.write('one');
    assert.equal(String(await once(socket, 'data')), 'one');
    proxy.pause();
    socket.write('two');
    let hasCome = false;
    const next = once(socket, 'data').then((data) => {
      hasCome = true;
      return String(data);
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(hasCome, false);
    proxy.resume();
    assert.equal(await next, 'two');
    proxy.refuse();
    await closed(socket);
    await closed(connect(Number(port), host));
    echo.close();
  });
});

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.on('error', () => {}).on('close', () => resolve());
  });
}

function answersAt(address: string): Promise<boolean> {
  const [host = '', port] = address.split(':');
  return accepts({ host, port: Number(port) });
}
