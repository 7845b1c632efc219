import { ManualClock } from '#clock/manual-clock.ts';
import { describeHeldIndex } from '#held-index/contract.ts';
import { Faults } from './faults.ts';
import { IndexServer } from './index-server.ts';
import { SimulatedIndex } from './simulated-index.ts';
import { SimulatedProcess } from './simulated-process.ts';

describeHeldIndex('SimulatedIndex', async () => {
  const clock = new ManualClock();
  const server = new IndexServer(() => clock.elapsedMs());
  const turns = { turn: () => Promise.resolve() };
  const open = (name: string) => {
    const process = new SimulatedProcess(name, { turns, clock });
    return new SimulatedIndex({ server, process, faults: new Faults(), isBrief: true });
  };
  return {
    index: open('one process'),
    other: open('another'),
    elapse: async (ms) => clock.advance(ms),
    async [Symbol.asyncDispose]() {},
  };
});
