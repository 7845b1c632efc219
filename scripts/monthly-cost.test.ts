import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { maxSignalledOctets } from '#composition/signals.ts';
import { affordableCpuMs, costOf, totalCost } from './monthly-cost/cost.ts';
import { redisNodes } from './monthly-cost/hosting.ts';
import { PRICES } from './monthly-cost/prices.ts';
import { COLUMNS, costTable, cpuSentence, PHONES, rateTable } from './monthly-cost/table.ts';
import { MOST_CPU, PHONE, usageOf } from './monthly-cost/usage.ts';

describe('the monthly cost', () => {
  it('is in docs/scaling.md as it is calculated', async () => {
    const path = join(import.meta.dirname, '../docs/scaling.md');
    const text = await readFile(path, 'utf8');
    for (const part of [rateTable(), costTable(), cpuSentence()]) {
      assert.ok(text.includes(part), `run npx node scripts/monthly-cost.ts, and copy: ${part}`);
    }
  });

  it('of each phone is less the more phones there are', () => {
    const each = PHONES.map((phones) => totalCost(usageOf(phones)) / phones);
    assert.deepEqual(
      each.toSorted((a, b) => b - a),
      each,
    );
  });

  it('of a small cloud is 40 dollars at most', () => {
    const sum = totalCost(usageOf(1_000, 'small cloud'));
    assert.ok(sum < 40, `${sum}`);
    assert.ok(sum > 15, 'the machine is in it');
  });

  it('is of machines with the cores that their phones need', () => {
    for (const { phones, form } of COLUMNS) {
      if (form !== 'cluster') {
        const { neededVcpus } = usageOf(phones, form);
        assert.ok(neededVcpus <= PRICES.machines[form].vcpus, `${form} needs ${neededVcpus}`);
      }
    }
  });

  it('has one Redis while that is enough, and a cluster for its size or its work', () => {
    const usage = usageOf(100_000);
    assert.equal(redisNodes(usage), 0);
    assert.equal(redisNodes({ ...usage, redisGigabytes: 4.1 }), 6);
    assert.equal(redisNodes({ ...usage, redisGigabytes: 5.2 * 3 + 1 }), 8);
    assert.equal(redisNodes({ ...usage, redisCommandsAtPeak: 30_001 }), 6);
    assert.equal(redisNodes({ ...usage, redisCommandsAtPeak: 90_001 }), 8);
  });

  it('is met by the CPU time that it says is affordable', () => {
    const busy = affordableCpuMs(10_000_000, 29_000);
    const sum = totalCost(usageOf(10_000_000, 'cluster', { ...MOST_CPU, busy }));
    assert.equal(sum.toFixed(2), '29000.00');
  });

  it('counts on parcels that travel with their signals', () => {
    assert.ok(PHONE.parcelOctets <= maxSignalledOctets.read(undefined));
  });

  it('of traffic is by steps, each for what exceeds the one before', () => {
    const usage = { ...usageOf(1), egressGibibytes: 1_024 + 10 };
    const [traffic] = costOf(usage).slice(-1);
    assert.equal(traffic?.dollars.toFixed(2), (1_024 * 0.12 + 10 * 0.11).toFixed(2));
  });
});
