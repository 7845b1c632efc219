import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { pingCommand } from '#services/standalone/commands/ping.ts';
import { freePort } from '#test/backing/free-ports.ts';
import { type RunningGateway, startGateway } from '#test/interop/support/running-gateway.ts';

interface Printed {
  readonly code: number | undefined;
  readonly text: string;
}

async function ping(...args: readonly string[]): Promise<Printed> {
  const lines: string[] = [];
  const print = (line: string) => lines.push(line);
  const code = await pingCommand.run({ args, environment: {}, print });
  return { code, text: lines.join('\n') };
}

describe('ping', () => {
  let gateway: RunningGateway;
  let poweb: string;
  let cogrpc: string;

  before(async () => {
    gateway = await startGateway();
    poweb = `http://127.0.0.1:${gateway.listening.poweb}`;
    cogrpc = `127.0.0.1:${gateway.listening.cogrpc}`;
  });
  after(() => gateway[Symbol.asyncDispose]());

  it('sends a parcel over PoWeb and another one by courier, each there and back', async () => {
    const { code, text } = await ping(poweb, '--cogrpc', cogrpc);
    assert.equal(code, 0, text);
    assert.match(text, /✓ parcel collected .*\n {2}✓ cargo delivered by courier/);
    assert.match(text, /✓ parcel collected by courier .* in 1 cargo\n/);
    assert.match(text, /✓ acknowledged by courier/);
    assert.match(text, /The gateway relays parcels/);
  });

  it('leaves couriers out if told so', async () => {
    const { code, text } = await ping(poweb, '--no-cargo');
    assert.equal(code, 0, text);
    assert.doesNotMatch(text, /courier/);
  });

  it('names the step that failed when nobody listens for couriers', async () => {
    const { code, text } = await ping(poweb, '--cogrpc', `127.0.0.1:${await freePort()}`);
    assert.equal(code, 1);
    assert.match(text, /✓ parcel collected/);
    assert.match(text, /Failed at: cargo delivered by courier: .*UNAVAILABLE/);
  });

  it('names the first step when nobody listens at all', async () => {
    const { code, text } = await ping(`http://127.0.0.1:${await freePort()}`);
    assert.equal(code, 1);
    assert.match(text, /Failed at: connection parameters/);
  });

  it('refuses arguments that make no sense', async () => {
    const senseless = [['--cogrpc', 'here'], ['--cargo'], ['a.example', 'b.example'], ['a b']];
    for (const args of senseless) {
      await assert.rejects(ping(...args), { code: 'USAGE' }, args.join(' '));
    }
  });
});
