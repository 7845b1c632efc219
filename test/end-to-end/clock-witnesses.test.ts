import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { BUILT_AT } from '#clock/built-at.ts';
import { makeNodeKey, Phone } from '#services/standalone/ping/phone.ts';
import { PowebClient } from '#services/standalone/ping/poweb-client.ts';
import { missingForServices, provisionCloudGateway } from '#test/services/cloud-gateway.ts';
import { ServiceProcess } from '#test/services/service-process.ts';

const SHIFTED_CLOCK = pathToFileURL(
  new URL('../faults/gateway/shifted-clock.ts', import.meta.url).pathname,
).href;
const DAY_MS = 86_400_000;
const PATIENCE_MS = 20_000;

const missing = await missingForServices();

describe('PoWeb, a process of its own whose clock is wrong', { skip: missing }, () => {
  /** A phone that registered where the clock is right. */
  async function phoneOf(environment: Readonly<Record<string, string>>): Promise<Phone> {
    await using poweb = await ServiceProcess.startReady('poweb', environment);
    await using client = new PowebClient(new URL(`http://127.0.0.1:${poweb.port}`));
    const key = await makeNodeKey();
    return Phone.withApps(key, await client.register(key, AbortSignal.timeout(PATIENCE_MS)));
  }

  /** @returns what a parcel made now is answered, the metric, and what was logged */
  async function deliverTo(environment: Readonly<Record<string, string>>, phone: Phone) {
    await using poweb = await ServiceProcess.startReady('poweb', environment);
    const { octets } = await phone.makeParcel({ payload: Buffer.from('hello'), now: new Date() });
    const signature = Buffer.from(await phone.countersign(octets)).toString('base64');
    const answer = await fetch(`http://127.0.0.1:${poweb.port}/v1/parcels`, {
      method: 'POST',
      headers: {
        'content-type': 'application/vnd.awala.parcel',
        authorization: `Awala-Countersignature ${signature}`,
      },
      body: Buffer.from(octets),
    });
    const metrics = await fetch(`http://127.0.0.1:${poweb.operationsPort}/metrics`);
    const inDoubt = /^awala_clock_in_doubt(?:\{.*\})? (\d)$/m.exec(await metrics.text())?.[1];
    return { status: answer.status, inDoubt, output: poweb.output };
  }

  function shifted(environment: Readonly<Record<string, string>>, days: number) {
    return {
      ...environment,
      NODE_OPTIONS: `--import ${SHIFTED_CLOCK}`,
      TEST_CLOCK_SHIFT_MS: `${days * DAY_MS}`,
    };
  }

  it('answers 503, and says why, if Cloud Storage and Redis tell another time', async () => {
    const { environment } = await provisionCloudGateway();
    const phone = await phoneOf(environment);
    const ahead = await deliverTo(shifted(environment, 2), phone);
    assert.equal(ahead.status, 503);
    assert.equal(ahead.inDoubt, '1');
    assert.match(
      ahead.output,
      /"doubt":"it is 17(?:28|27|29)\d\d s ahead of (?:Cloud Storage|Redis)"/,
    );
    const right = await deliverTo(environment, phone);
    assert.deepEqual([right.status, right.inDoubt], [202, '0'], right.output);
  });

  it('answers 503 if its clock is before the date of the release', async () => {
    const { environment } = await provisionCloudGateway();
    const phone = await phoneOf(environment);
    const daysBack = Math.floor((BUILT_AT.getTime() - Date.now()) / DAY_MS) - 1;
    const behind = await deliverTo(shifted(environment, daysBack), phone);
    assert.equal(behind.status, 503);
    assert.equal(behind.inDoubt, '1');
    assert.match(
      behind.output,
      /"doubt":"it is before \d{4}-\d\d-\d\d, when this release was made"/,
    );
  });
});
