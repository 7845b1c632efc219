import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { whyUnserved } from './http/unserved.ts';
import { ProcessMetrics } from './metrics.ts';

/** The lines of `metrics` that start with `name`, without the comments. */
async function read(metrics: ProcessMetrics, name: string): Promise<string[]> {
  const { text } = await metrics.expose();
  return text.split('\n').filter((line) => line.startsWith(name));
}

describe('metrics', () => {
  it('counts what the gateway does', async () => {
    const metrics = new ProcessMetrics({ service: 'poweb' });
    const { gateway } = metrics;
    gateway.parcelAccepted('poweb', 'gateway');
    gateway.parcelAccepted('poweb', 'gateway');
    gateway.parcelAccepted('pohttp', 'internet');
    gateway.parcelRefused('poweb', 'expired');
    gateway.expired('parcel', 3);
    gateway.parcelDelivered('refused');
    gateway.cargoAccepted();
    gateway.cargoRefused('malformed');
    gateway.cargoCollected();
    gateway.oversizeCargoSent();
    gateway.parcelsLeftByCourier('too-large', 2);
    gateway.overShare('calls', 'network');
    gateway.registered();
    assert.deepEqual(await read(metrics, 'awala_parcels_accepted_total'), [
      'awala_parcels_accepted_total{road="poweb",bound="gateway",service="poweb"} 2',
      'awala_parcels_accepted_total{road="pohttp",bound="internet",service="poweb"} 1',
    ]);
    for (const line of [
      'awala_parcels_refused_total{road="poweb",reason="expired",service="poweb"} 1',
      'awala_expired_total{what="parcel",service="poweb"} 3',
      'awala_parcels_delivered_total{outcome="refused",service="poweb"} 1',
      'awala_cargoes_accepted_total{service="poweb"} 1',
      'awala_cargoes_refused_total{reason="malformed",service="poweb"} 1',
      'awala_cargoes_collected_total{service="poweb"} 1',
      'awala_oversize_cargoes_sent_total{service="poweb"} 1',
      'awala_parcels_left_by_couriers_total{why="too-large",service="poweb"} 2',
      'awala_over_share_total{what="calls",who="network",service="poweb"} 1',
      'awala_registrations_total{service="poweb"} 1',
    ]) {
      assert.deepEqual(await read(metrics, line), [line]);
    }
  });

  it('measures how long collected parcels were held, where that is known', async () => {
    const metrics = new ProcessMetrics();
    metrics.gateway.parcelCollected('websocket', 0.2);
    metrics.gateway.parcelCollected('websocket', null);
    assert.deepEqual(await read(metrics, 'awala_parcels_collected_total'), [
      'awala_parcels_collected_total{by="websocket"} 2',
    ]);
    assert.deepEqual(await read(metrics, 'awala_parcel_held_seconds_count'), [
      'awala_parcel_held_seconds_count{by="websocket"} 1',
    ]);
    const [bucket] = await read(metrics, 'awala_parcel_held_seconds_bucket{le="0.25"');
    assert.match(bucket ?? '', / 1$/);
  });

  it('shows how many collectors are connected', async () => {
    const metrics = new ProcessMetrics();
    metrics.gateway.collectorConnected();
    metrics.gateway.collectorConnected();
    metrics.gateway.collectorDisconnected();
    assert.deepEqual(await read(metrics, 'awala_collectors_connected'), [
      'awala_collectors_connected 1',
    ]);
  });

  it('keeps the number of labels bounded, whatever reasons it is given', async () => {
    const metrics = new ProcessMetrics();
    for (let index = 0; index < 1_000; index++) {
      metrics.gateway.parcelRefused('poweb', `reason-${index}`);
      metrics.gateway.parcelRefused('poweb', `"injected" ${index}`);
    }
    const lines = await read(metrics, 'awala_parcels_refused_total');
    assert.equal(lines.length, 65);
    assert.ok(lines.includes('awala_parcels_refused_total{road="poweb",reason="other"} 1936'));
  });

  it('measures answers by server, route and status', async () => {
    const metrics = new ProcessMetrics();
    const request = { method: 'POST', route: '/v1/parcels', status: 202, seconds: 0.003 };
    metrics.requestAnswered('poweb', { ...request, unserved: null });
    assert.deepEqual(await read(metrics, 'awala_http_request_seconds_count'), [
      'awala_http_request_seconds_count{server="poweb",method="POST",route="/v1/parcels",status="202"} 1',
    ]);
  });

  it('tells a full gateway from one that fails', async () => {
    const metrics = new ProcessMetrics();
    const request = { method: 'POST', route: 'none', status: 503, seconds: 0 };
    const quotas = ['over-quota', 'over-share', 'rate-limit'];
    for (const reason of ['requests-full', 'bodies-full', ...quotas, 'too-late', 'surprise']) {
      metrics.requestAnswered('poweb', { ...request, unserved: whyUnserved(reason) });
    }
    assert.deepEqual(await read(metrics, 'awala_http_unserved_total'), [
      'awala_http_unserved_total{server="poweb",why="overload"} 2',
      'awala_http_unserved_total{server="poweb",why="quota"} 3',
      'awala_http_unserved_total{server="poweb",why="fault"} 2',
    ]);
  });

  it('asks for observed values when it is read, and leaves out one that fails', async () => {
    const metrics = new ProcessMetrics();
    let depth = 5;
    metrics.observe('queue_depth', 'Jobs that wait', async () => {
      if (depth < 0) {
        throw new Error('no answer');
      }
      return depth;
    });
    assert.deepEqual(await read(metrics, 'awala_queue_depth'), ['awala_queue_depth 5']);
    depth = -1;
    assert.deepEqual(await read(metrics, 'awala_queue_depth'), []);
    depth = 7;
    assert.deepEqual(await read(metrics, 'awala_queue_depth'), ['awala_queue_depth 7']);
  });

  it('shows the process and its event loop, in a registry of its own', async () => {
    const [one, other] = [new ProcessMetrics(), new ProcessMetrics()];
    one.gateway.registered();
    for (const name of ['process_cpu_seconds_total', 'nodejs_eventloop_lag_p99_seconds']) {
      assert.equal((await read(one, name)).length, 1);
    }
    assert.deepEqual(await read(other, 'awala_registrations_total'), [
      'awala_registrations_total 0',
    ]);
  });
});
