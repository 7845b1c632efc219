import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { AgentServer, type Phase } from './agent-server.ts';

describe('The agent of a service', () => {
  async function listen(phase: () => Promise<Phase>) {
    const asked: string[] = [];
    const onAsked = (address: string) => void asked.push(address);
    const agent = await AgentServer.listen({ host: '127.0.0.1', port: 0, phase, onAsked });
    return { agent, asked };
  }

  for (const [phase, answer] of [
    ['starting', 'down\n'],
    ['serving', 'ready up\n'],
    ['draining', 'drain\n'],
  ] as const) {
    it(`answers ${JSON.stringify(answer)} while it is ${phase}, whatever it is told, and notes who asks`, async () => {
      const { agent, asked } = await listen(async () => phase);
      const socket = connect(agent.port, '127.0.0.1');
      socket.write('state?\n');
      assert.equal(await text(socket), answer);
      assert.deepEqual(asked, ['127.0.0.1']);
      await agent[Symbol.asyncDispose]();
    });
  }

  it('ends though somebody waits for an answer', async () => {
    const { agent } = await listen(() => new Promise(() => {}));
    const socket = connect(agent.port, '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    const closed = once(socket, 'close');
    await agent[Symbol.asyncDispose]();
    await closed;
  });
});
