import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Collector } from '#test/peers/collector.ts';
import { Phone } from '#test/peers/phone.ts';
import { dataFolder, GatewayProcess } from './support/gateway-process.ts';
import { parcelOfOctets } from './support/malformed-parcels.ts';
import { Neighbours } from './support/neighbours.ts';

const MIB = 1024 * 1024;
const BUFFER_MIB = 16;
const READERS = 24;
/** Besides what is counted: what each connection takes, and code that was compiled meanwhile. */
const TOLERANCE_OCTETS = 24 * MIB;
const LASTING_OCTETS = 8 * MIB;

describe('The memory of a gateway that is collected from', () => {
  let folder: Awaited<ReturnType<typeof dataFolder>>;
  let gateway: GatewayProcess;
  let phone: Phone;
  let neighbour: Phone;

  before(async () => {
    folder = await dataFolder();
    gateway = await GatewayProcess.start(folder.path, { COLLECTION_BUFFER: `${BUFFER_MIB}MiB` });
    phone = await Phone.register(gateway.poweb);
    neighbour = await Phone.register(gateway.poweb, 'neighbour');
  });
  after(async () => {
    await gateway[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  /**
   * Fails unless what is in use stays within `most` octets of what it is before, and returns there.
   * Counted after collecting garbage: how late the collector runs depends on what else does.
   */
  async function stays(most: number, act: () => Promise<readonly Collector[]>): Promise<void> {
    const before = await gateway.memory();
    const collectors = await act();
    using neighbours = await Neighbours.begin({
      port: gateway.poweb,
      road: neighbour,
      serverPid: gateway.pid,
    });
    await neighbours.finish();
    const during = await gateway.memory();
    const added = during.usedOctets - before.usedOctets;
    assert.ok(added < most, JSON.stringify({ before, during }));
    for (const collector of collectors) {
      collector.vanish();
    }
    await neighbours.goOn();
    await gateway.settlesAt(before.usedOctets + LASTING_OCTETS);
  }

  async function open(count: number): Promise<Collector[]> {
    const opening = Array.from({ length: count }, () =>
      Collector.open(gateway.poweb, [phone.phone], { answersPings: false }),
    );
    return Promise.all(opening);
  }

  it('is bounded, however many read slowly what is large', async () => {
    await phone.deliver(await parcelOfOctets(phone, 8 * 1_000_000));
    await stays(BUFFER_MIB * MIB + TOLERANCE_OCTETS, async () => {
      const collectors = await open(READERS);
      await Promise.any(collectors.map((collector) => collector.firstOctets()));
      for (const collector of collectors) {
        collector.stopReading();
      }
      return collectors;
    });
  });

  it('is bounded, however often collectors ping without reading the answers', async () => {
    await stays(TOLERANCE_OCTETS, async () => {
      const collectors = await open(2);
      for (const { socket } of collectors) {
        for (let ping = 0; ping < 20_000; ping++) {
          socket.ping(Buffer.alloc(125));
        }
      }
      return collectors;
    });
  });

  it('is bounded, however small the pieces that collectors cut messages into', async () => {
    await stays(TOLERANCE_OCTETS, async () => {
      const collectors = await open(4);
      for (const { socket } of collectors) {
        for (let piece = 0; piece < 5_000; piece++) {
          socket.send('x', { fin: false });
        }
      }
      return collectors;
    });
  });
});
