import type { Chart } from './rendering.ts';

export interface Case {
  readonly name: string;
  readonly chart: Chart;
  /** As `--set-json` takes them. */
  readonly values: readonly string[];
}

const KEDA = [
  'autoscaling={"metrics":"keda","prometheusUrl":"http://prometheus:9090","project":"project-one"}',
];

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
