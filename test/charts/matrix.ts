import type { Chart } from './rendering.ts';

interface Case {
  readonly name: string;
  readonly chart: Chart;
  /** As `--set-json` takes them. */
  readonly values: readonly string[];
}

const KEDA = [
  'autoscaling={"metrics":"keda","prometheusUrl":"http://prometheus:9090","project":"project-one"}',
];

const OWN_HOST = 'hosts.collection="collection.gateway.example.org"';

/** Variables that operators add. */
export const EXTRA_VARIABLES = ['NODE_OPTIONS', 'ZONE', 'HTTPS_PROXY'];

/** All that pods, accounts and Services may have besides, for all of them and for some of their own. */
export const PLACED = [
  `common=${JSON.stringify({
    nodeSelector: { 'example.org/pool': 'gateway', 'kubernetes.io/arch': 'arm64' },
    tolerations: [{ key: 'gateway', operator: 'Exists' }],
    affinity: { podAntiAffinity: antiAffinity('example.org/rack') },
    podAnnotations: { 'example.org/team': 'relay' },
    serviceAccountAnnotations: { 'example.org/role': 'none' },
    extraEnv: [{ name: 'NODE_OPTIONS', value: '--report-on-fatalerror' }],
    extraEnvFrom: [{ configMapRef: { name: 'everywhere' } }],
    service: { type: 'ClusterIP', annotations: { 'example.org/mesh': 'off' } },
  })}`,
  'services.poweb.nodeSelector={"kubernetes.io/arch":"amd64"}',
  'services.poweb.tolerations=[{"key":"poweb","operator":"Exists"}]',
  'services.poweb.affinity={"nodeAffinity":{}}',
  'services.poweb.podAnnotations={"example.org/team":"phones"}',
  'services.poweb.serviceAccountAnnotations={"example.org/role":"poweb"}',
  'services.poweb.extraEnv=[{"name":"ZONE","valueFrom":{"fieldRef":{"fieldPath":"spec.nodeName"}}}]',
  'services.poweb.extraEnvFrom=[{"secretRef":{"name":"poweb","optional":true}}]',
  'services.poweb.service={"type":"NodePort","annotations":{"example.org/mesh":"on"}}',
  'collectionBalancer.nodeSelector={"example.org/pool":"edge"}',
  'collectionBalancer.service={"annotations":{"example.org/mesh":"edge"}}',
  'jobs.extraEnv=[{"name":"HTTPS_PROXY","value":"http://proxy:3128"}]',
];

function antiAffinity(topologyKey: string) {
  const labelSelector = { matchLabels: { 'app.kubernetes.io/name': 'awala-gateway' } };
  const podAffinityTerm = { topologyKey, labelSelector };
  return { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm }] };
}

const gateway = (name: string, values: readonly string[]): Case => ({
  name,
  chart: 'awala-gateway',
  values,
});
const cloud = (name: string, values: readonly string[]): Case => ({
  name,
  chart: 'google-cloud',
  values,
});

/** Ways to set the charts that render other resources than the environments do. */
export const MATRIX: readonly Case[] = [
  gateway('as it is', []),
  gateway('an ingress', ['edge.kind="ingress"', 'networkPolicy.edgeNamespaces=["ingress-nginx"]']),
  gateway('a gateway elsewhere than at Google', [
    'edge.gateway={"provider":"other","className":"envoy","http":"redirect","tlsSecret":"tls"}',
  ]),
  gateway('plain HTTP refused', ['edge.gateway.http="refuse"']),
  gateway('Cloud Armor', ['edge.gateway.securityPolicy="limits"']),
  gateway('scaled by KEDA', KEDA),
  gateway('couriers served on demand', [
    ...KEDA,
    'services.cogrpc.availability="onDemand"',
    'services.cogrpc.onDemand={"idleSeconds":600,"windows":[{"timezone":"Africa/Nairobi","start":"0 6 * * *","end":"0 20 * * *"}]}',
  ]),
  gateway('scaled by the metrics of an adapter', ['autoscaling.metrics="adapter"']),
  gateway('watched by the Prometheus operator', [
    'monitoring.kind="operator"',
    'monitoring.labels={"release":"prometheus"}',
  ]),
  gateway('not watched', ['monitoring.kind="none"', 'monitoring.dashboard=false']),
  gateway('without couriers', ['services.cogrpc.enabled=false']),
  gateway('the URL of Redis from Secret Manager', [
    'externalSecret={"enabled":true,"project":"project-one","clusterLocation":"europe-west3","clusterName":"awala"}',
  ]),
  gateway('Redis under an authority of its own', [
    'backing.redis.caCertificate="-----BEGIN CERTIFICATE-----\\nMAA=\\n-----END CERTIFICATE-----"',
  ]),
  gateway('services with settings of their own', [
    'services.collection.settings={"COLLECTION_WINDOW":7,"MAX_COLLECTORS":1000000}',
    'services.workers.settings={"DELIVERY_BUFFER":"128MiB","POHTTP_CLIENT_TLS":true}',
  ]),
  gateway('images from a registry with a password', ['image.pullSecrets=["registry"]']),
  gateway('a host of its own for collection', [OWN_HOST]),
  gateway('a host of its own for collection, by an ingress', [OWN_HOST, 'edge.kind="ingress"']),
  gateway('a host of its own for collection, elsewhere than at Google', [
    OWN_HOST,
    'edge.gateway={"provider":"other","className":"envoy","http":"redirect","tlsSecret":"tls","collection":{"tlsSecret":"own"}}',
  ]),
  gateway('collection straight from the edge', ['collectionBalancer.enabled=false', OWN_HOST]),
  gateway('load balancers of collection in a large cluster', [
    ...KEDA,
    'services.collection.replicas.max=600',
    'collectionBalancer.nameserver="tcp@10.0.0.10:53"',
    'collectionBalancer.clusterDomain="cluster.example.org"',
  ]),
  gateway('pods placed, annotated and told more', PLACED),
  gateway('no fences', ['networkPolicy.enabled=false']),
  cloud('as it is', []),
  cloud('the database created here', ['firestore.create=true']),
  cloud('keys in software, no protection', [
    'keys.protectionLevel="SOFTWARE"',
    'deletionProtection=false',
  ]),
  cloud('policies of the database kept here', ['firestore.policies="configConnector"']),
  cloud('names kept elsewhere', ['dns.enabled=false']),
  cloud('not watched', ['monitoring.enabled=false']),
  cloud('being taken down', [
    'deletionProtection=false',
    'teardown={"enabled":true,"confirm":"project-one"}',
  ]),
];
