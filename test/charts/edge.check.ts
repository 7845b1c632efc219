import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { COLLECTION_PATH } from '#services/collection/collection-server.ts';
import { UPLOAD_TIMEOUT_MS } from '#services/poweb/poweb-server.ts';
import { type Manifest, Manifest as Part } from './manifests.ts';
import { renderChart, renderEnvironment, renderNotes, runTemplate } from './rendering.ts';
import { ofKind } from './renderings.ts';

const HOUR_S = 3_600;
const LONGEST_UPLOAD_S = UPLOAD_TIMEOUT_MS / 1_000;
const OTHER_GATEWAY =
  'edge.gateway={"provider":"other","className":"envoy","http":"redirect","tlsSecret":"tls"}';

function serviceBehind(manifests: readonly Manifest[], hostname: string, path: string): string {
  const routes = [...ofKind(manifests, 'HTTPRoute'), ...ofKind(manifests, 'GRPCRoute')];
  const candidates = routes
    .filter((route) => route.text('spec', 'hostnames', 0) === hostname)
    .flatMap((route) => route.list('spec', 'rules').map((rule) => new Part(rule)))
    .map((rule) => ({
      prefix: rule.text('matches', 0, 'path', 'value') || '/',
      service: rule.text('backendRefs', 0, 'name'),
    }))
    .filter(({ prefix }) => path.startsWith(prefix))
    .sort((a, b) => b.prefix.length - a.prefix.length);
  return candidates[0]?.service ?? '';
}

/** The time that each Service is given to answer, in seconds. */
function policyTimeouts(manifests: readonly Manifest[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    ofKind(manifests, 'GCPBackendPolicy').map((policy) => [
      policy.text('spec', 'targetRef', 'name'),
      Number(policy.at('spec', 'default', 'timeoutSec')),
    ]),
  );
}

describe('the edge in production', async () => {
  const manifests = await renderEnvironment('production');
  const host = 'poweb.gateway.example.org';

  it('reaches load balancers of collection by its path on the host of PoWeb', () => {
    assert.equal(serviceBehind(manifests, host, COLLECTION_PATH), 'awala-collection-balancer');
    for (const path of ['/connection-params.der', '/v1/pre-registrations', '/v1/parcels']) {
      assert.equal(serviceBehind(manifests, host, path), 'awala-poweb');
    }
  });

  it('is whom services take ids of requests from, and so are load balancers between', () => {
    const trusted = new Map(
      ofKind(manifests, 'Deployment').map(({ component, pod }) => {
        const container = new Part(pod?.list('containers')[0] ?? {});
        const env = container.list('env').map(({ name, value }) => [String(name), value]);
        const { TRUSTED_PROXIES: proxies, REQUEST_ID_HEADER: header } = Object.fromEntries(env);
        return [component, [header, proxies]];
      }),
    );
    const google = '130.211.0.0/22,35.191.0.0/16';
    for (const component of ['poweb', 'pohttp', 'cogrpc']) {
      assert.deepEqual(trusted.get(component), ['X-Cloud-Trace-Context', google], component);
    }
    const [header, proxies] = trusted.get('collection') ?? [];
    assert.deepEqual([header, proxies], ['X-Cloud-Trace-Context', `${google},10.0.0.0/8`]);
    assert.deepEqual(trusted.get('workers'), [undefined, undefined]);
  });

  it('gives collection a backend and a health check that it shares with nobody', () => {
    for (const kind of ['GCPBackendPolicy', 'HealthCheckPolicy']) {
      const targets = ofKind(manifests, kind).map((each) => each.text('spec', 'targetRef', 'name'));
      assert.deepEqual(targets.toSorted(), [
        'awala-cogrpc',
        'awala-collection-balancer',
        'awala-pohttp',
        'awala-poweb',
      ]);
    }
  });

  it('gives hours to collection, the longest upload to PoWeb, and seconds to PoHTTP', () => {
    const { 'awala-collection-balancer': collection = 0, ...others } = policyTimeouts(manifests);
    assert.ok(collection >= 2 * HOUR_S);
    assert.ok((others['awala-poweb'] ?? 0) > LONGEST_UPLOAD_S);
    assert.ok((others['awala-poweb'] ?? HOUR_S) < HOUR_S);
    assert.ok((others['awala-pohttp'] ?? HOUR_S) <= 60);
  });

  it('serves couriers over HTTP/2', () => {
    assert.equal(serviceBehind(manifests, 'cogrpc.gateway.example.org', '/'), 'awala-cogrpc');
    const service = ofKind(manifests, 'Service').find(({ name }) => name === 'awala-cogrpc');
    assert.equal(service?.text('spec', 'ports', 0, 'appProtocol'), 'kubernetes.io/h2c');
    // Which GKE's controller does not know.
    assert.deepEqual(ofKind(manifests, 'GRPCRoute'), []);
  });

  it('ends TLS with managed certificates of its hosts, and sends plain HTTP there', () => {
    for (const [gateway, map, hosts] of [
      ['awala-edge', 'awala-gateway', ['cogrpc', 'pohttp', 'poweb']],
      ['awala-collection-edge', 'awala-gateway-collection', ['collection']],
    ] as const) {
      const found = ofKind(manifests, 'Gateway').find(({ name }) => name === gateway);
      assert.equal(found?.text('metadata', 'annotations', 'networking.gke.io/certmap'), map);
      assert.equal(found?.text('spec', 'addresses', 0, 'value'), map);
      const expected = hosts.map((each) => `${each}.gateway.example.org`);
      const served = (found?.list('spec', 'listeners') ?? [])
        .filter(({ protocol }) => protocol === 'HTTPS')
        .map(({ hostname }) => hostname);
      assert.deepEqual(served.toSorted(), expected);
      const entries = ofKind(manifests, 'CertificateManagerCertificateMapEntry')
        .filter((each) => each.text('spec', 'mapRef', 'name') === map)
        .map((each) => [
          each.text('spec', 'hostname'),
          each.text('spec', 'certificatesRefs', 0, 'name'),
        ]);
      assert.deepEqual(entries.map(([host]) => host).toSorted(), expected);
      for (const [entry, certificate] of entries) {
        const certified = ofKind(manifests, 'CertificateManagerCertificate').find(
          ({ name }) => name === certificate,
        );
        assert.equal(certified?.text('spec', 'managed', 'domains', 0), entry);
      }
    }
    const plain = ofKind(manifests, 'HTTPRoute').filter(
      (route) => route.text('spec', 'parentRefs', 0, 'sectionName') === 'http',
    );
    assert.equal(plain.length, 1);
    assert.equal(
      plain[0]?.text('spec', 'rules', 0, 'filters', 0, 'requestRedirect', 'scheme'),
      'https',
    );
    assert.equal(plain[0]?.at('spec', 'rules', 0, 'backendRefs'), null);
  });

  it('publishes the three SRV records and the hosts that they name', () => {
    const records = ofKind(manifests, 'DNSRecordSet');
    const srv = records
      .filter((each) => each.text('spec', 'type') === 'SRV')
      .map((each) => `${each.text('spec', 'name')} ${each.text('spec', 'rrdatas', 0)}`);
    assert.deepEqual(srv.toSorted(), [
      '_awala-crc._tcp.gateway.example.org. 0 1 443 cogrpc.gateway.example.org.',
      '_awala-gsc._tcp.gateway.example.org. 0 1 443 poweb.gateway.example.org.',
      '_awala-pdc._tcp.gateway.example.org. 0 1 443 pohttp.gateway.example.org.',
    ]);
    const addresses = records.filter((each) => each.text('spec', 'type') === 'A');
    const hosts = addresses.map((each) => each.text('spec', 'name'));
    assert.deepEqual(
      addresses
        .filter(
          (each) => each.text('spec', 'rrdatasRefs', 0, 'name') === 'awala-gateway-collection',
        )
        .map((each) => each.text('spec', 'name')),
      ['collection.gateway.example.org.'],
    );
    for (const record of srv) {
      assert.ok(hosts.includes(record.split(' ').at(-1) ?? ''), record);
    }
  });

  it('never leads to an operations port', () => {
    for (const service of ofKind(manifests, 'Service')) {
      const ports = service.list('spec', 'ports').map(({ targetPort }) => targetPort);
      assert.deepEqual(ports, ['serving'], service.name);
    }
  });
});

describe('the notes', () => {
  it('print the hosts and the SRV records to whoever keeps the names elsewhere', async () => {
    const notes = await renderNotes('awala-gateway');
    for (const line of [
      '_awala-gsc._tcp.gateway.example.org. 300 IN SRV 0 1 443 poweb.gateway.example.org.',
      '_awala-crc._tcp.gateway.example.org. 300 IN SRV 0 1 443 cogrpc.gateway.example.org.',
      '_awala-pdc._tcp.gateway.example.org. 300 IN SRV 0 1 443 pohttp.gateway.example.org.',
    ]) {
      assert.ok(notes.includes(line), line);
    }
    assert.match(notes, /each of which needs an A record/);
  });

  it('tell how to reach a gateway without an edge', async () => {
    const notes = await renderNotes('awala-gateway', ['edge.kind="none"']);
    assert.match(notes, /kubectl port-forward service\/awala-edge 8000/);
    assert.doesNotMatch(notes, /SRV/);
  });

  it('print the values that the gateway needs of Google Cloud', async () => {
    const notes = await renderNotes('google-cloud');
    assert.match(
      notes,
      /sealingKey: projects\/project-one\/locations\/europe-west3\/keyRings\/awala-gateway\/cryptoKeys\/sealing/,
    );
  });
});

describe('other edges', () => {
  it('refuse plain HTTP if told to', async () => {
    const manifests = await renderChart('awala-gateway', ['edge.gateway.http="refuse"']);
    const listeners = ofKind(manifests, 'Gateway')[0]?.list('spec', 'listeners') ?? [];
    assert.deepEqual([...new Set(listeners.map(({ port }) => port))], [443]);
  });

  it('have the hours of collection in its route where they know no policies', async () => {
    const manifests = await renderChart('awala-gateway', [OTHER_GATEWAY]);
    const timeouts = Object.fromEntries(
      ofKind(manifests, 'HTTPRoute').map((route) => [
        route.component,
        Number.parseInt(route.text('spec', 'rules', 0, 'timeouts', 'request'), 10),
      ]),
    );
    assert.ok((timeouts.collection ?? 0) >= 2 * HOUR_S);
    assert.deepEqual(
      ofKind(manifests, 'GRPCRoute').map((route) => route.component),
      ['cogrpc'],
    );
    assert.ok((timeouts.poweb ?? 0) > LONGEST_UPLOAD_S);
    assert.equal(timeouts.pohttp, 30);
    assert.equal(ofKind(manifests, 'GCPBackendPolicy').length, 0);
  });

  it('are an Ingress for each service, of which only that of collection has hours', async () => {
    const manifests = await renderChart('awala-gateway', ['edge.kind="ingress"']);
    const timeout = 'nginx.ingress.kubernetes.io/proxy-read-timeout';
    for (const ingress of ofKind(manifests, 'Ingress')) {
      const seconds = Number(ingress.at('metadata', 'annotations', timeout));
      const path = ingress.text('spec', 'rules', 0, 'http', 'paths', 0, 'path');
      assert.equal(seconds >= HOUR_S, ingress.component === 'collection');
      assert.equal(path, ingress.component === 'collection' ? COLLECTION_PATH : '/');
      assert.equal(
        ingress.text('metadata', 'annotations', 'nginx.ingress.kubernetes.io/force-ssl-redirect'),
        'true',
      );
    }
    assert.equal(ofKind(manifests, 'Ingress').length, 4);
    assert.equal(ofKind(manifests, 'Gateway').length, 0);
  });

  for (const [service, seconds] of [
    ['poweb', 3_600],
    ['pohttp', 7_200],
    ['cogrpc', 3_600],
    ['collection', 60],
  ] as const) {
    it(`refuse ${seconds} s for ${service}`, async () => {
      const { code, stderr } = await runTemplate('awala-gateway', [
        `edge.timeouts.${service}=${seconds}`,
      ]);
      assert.notEqual(code, 0);
      assert.match(stderr, new RegExp(`at '/edge/timeouts/${service}': m`));
    });
  }
});

describe('a host of its own for collection', () => {
  const own = ['hosts.collection="collection.gateway.example.org"'];
  const elsewhere =
    'edge.gateway={"provider":"other","className":"envoy","http":"redirect","tlsSecret":"tls"}';

  it('is there in staging and production, and by the chart itself only if it is named', async () => {
    for (const environment of ['staging', 'production'] as const) {
      const rendered = await renderEnvironment(environment);
      const names = ofKind(rendered, 'Gateway').map(({ name }) => name);
      assert.deepEqual(names, ['awala-edge', 'awala-collection-edge']);
    }
    assert.equal(ofKind(await renderChart('awala-gateway'), 'Gateway').length, 1);
    assert.equal(ofKind(await renderChart('awala-gateway', own), 'Gateway').length, 2);
  });

  it('leads to the same load balancers, and nowhere else', async () => {
    const rendered = await renderChart('awala-gateway', own);
    const routes = ofKind(rendered, 'HTTPRoute').filter((route) =>
      route.list('spec', 'parentRefs').some(({ name }) => name === 'awala-collection-edge'),
    );
    assert.deepEqual(
      routes.map((route) => [
        route.text('spec', 'rules', 0, 'matches', 0, 'path', 'value'),
        route.text('spec', 'rules', 0, 'backendRefs', 0, 'name'),
      ]),
      [[COLLECTION_PATH, 'awala-collection-balancer']],
    );
    assert.equal(routes[0]?.list('spec', 'rules').length, 1);
  });

  it('needs a certificate of its own', async () => {
    const { code, stderr } = await runTemplate('awala-gateway', [...own, elsewhere]);
    assert.notEqual(code, 0);
    assert.match(stderr, /edge\.gateway\.collection\.tlsSecret is needed for hosts\.collection/);
  });
});

describe('the scaling', () => {
  it('of collection follows connected phones and CPU, that of workers the queue', async () => {
    const keda = await renderChart('awala-gateway', [
      'autoscaling={"metrics":"keda","prometheusUrl":"http://prometheus:9090"}',
    ]);
    const triggers = (service: string) =>
      (ofKind(keda, 'ScaledObject').find(({ component }) => component === service) ?? assert.fail())
        .list('spec', 'triggers')
        .map((each) => new Part(each))
        .map((each) =>
          `${each.text('type')} ${/(?:awala|haproxy)_\w+/.exec(each.text('metadata', 'query'))?.[0] ?? ''}`.trim(),
        );
    assert.deepEqual(triggers('collection'), ['cpu', 'prometheus awala_collectors_connected']);
    assert.deepEqual(triggers('collection-balancer'), [
      'cpu',
      'prometheus haproxy_frontend_current_sessions',
    ]);
    assert.deepEqual(triggers('workers'), ['cpu', 'prometheus awala_queue_jobs']);
    assert.deepEqual(triggers('poweb'), ['cpu']);
  });

  it('of couriers goes down to nothing on demand, and never otherwise', async () => {
    const keda =
      'autoscaling={"metrics":"keda","prometheusUrl":"http://prometheus:9090","project":"project-one"}';
    const least = async (values: readonly string[]) =>
      ofKind(await renderChart('awala-gateway', values), 'ScaledObject')
        .find(({ component }) => component === 'cogrpc')
        ?.at('spec', 'minReplicaCount');
    assert.equal(await least([keda, 'services.cogrpc.availability="onDemand"']), 0);
    assert.equal(await least([keda]), 3);
  });
});
