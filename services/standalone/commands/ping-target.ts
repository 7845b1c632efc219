import { typedInternetAddress } from '#awala/internet-address.ts';
import type { Clock } from '#clock/clock.ts';
import { readConfiguration } from '#runtime/configuration/configuration.ts';
import type { Environment } from '#runtime/configuration/variable.ts';
import { COGRPC_VARIABLES } from '#services/cogrpc/config.ts';
import { POHTTP_VARIABLES } from '#services/pohttp/config.ts';
import { STANDALONE_VARIABLES } from '../config.ts';
import type { PingTarget } from '../ping/ping.ts';
import type { Locator, ServerLocation } from '../ping/road.ts';
import { addressesBySystem } from '../reach/addresses.ts';
import { AWALA_SERVICES, type ServiceName } from '../reach/awala-services.ts';
import { findService } from '../reach/find-service.ts';
import type { Resolvers } from '../reach/resolvers.ts';
import { UsageError } from './command.ts';
import type { PingArguments } from './ping-arguments.ts';

const LOCAL_HOST = '127.0.0.1';
const LOOPBACK = /^(?:127\.[\d.]+|\[::1\]|localhost)$/;

interface TargetParts {
  readonly environment: Environment;
  readonly clock: Clock;
  readonly resolvers: Resolvers;
}

/**
 * Finds out what to ping from the command's arguments.
 *
 * @throws {UsageError}
 * @throws {ConfigurationError}
 */
export function pingTarget(args: PingArguments, parts: TargetParts): PingTarget {
  const { target, without, receiver } = args;
  const common = { without, receiver };
  if (target === undefined) {
    const urls = localUrls(parts.environment);
    return { ...common, ...byHand(urls, args, parts) };
  }
  if (/^https?:\/\//.test(target) && URL.canParse(target)) {
    return { ...common, ...byHand(urlsBeside(new URL(target)), args, parts) };
  }
  const address = typedInternetAddress(target);
  if (!address) {
    throw new UsageError(`“${target}” is neither an Awala address nor a URL`);
  }
  if (args.cogrpc !== undefined || args.pohttp !== undefined) {
    throw new UsageError('--cogrpc and --pohttp go with a URL: by an address, the DNS says where');
  }
  const locator = locatorByDns(address, args, parts);
  return { ...common, name: address, address, isHere: false, locator };
}

type ServerUrls = Readonly<Record<ServiceName, URL>>;

function localUrls(environment: Environment): ServerUrls {
  const { poweb, pohttp, cogrpc } = STANDALONE_VARIABLES;
  const variables = { poweb: poweb.port, pohttp: pohttp.port, cogrpc: cogrpc.port };
  const ports = readConfiguration(environment, variables);
  const at = (port: number) => new URL(`http://${LOCAL_HOST}:${port}`);
  return { phones: at(ports.poweb), apps: at(ports.pohttp), couriers: at(ports.cogrpc) };
}

/** Whoever ends TLS serves all from one port; without TLS, each has its usual one. */
function urlsBeside(phones: URL): ServerUrls {
  const beside = (variable: { read(text: undefined): number }) => {
    const url = new URL(phones.origin);
    if (phones.protocol === 'http:') {
      url.port = `${variable.read(undefined)}`;
    }
    return url;
  };
  return {
    phones,
    apps: beside(POHTTP_VARIABLES.port),
    couriers: beside(COGRPC_VARIABLES.port),
  };
}

function byHand(
  urls: ServerUrls,
  args: PingArguments,
  parts: TargetParts,
): Pick<PingTarget, 'name' | 'address' | 'isHere' | 'locator'> {
  const { phones } = urls;
  const couriers =
    args.cogrpc === undefined ? urls.couriers : URL.parse(`${phones.protocol}//${args.cogrpc}`);
  if (!couriers) {
    throw new UsageError(`“${args.cogrpc}” is not a host and a port`);
  }
  const located = { ...urls, couriers, apps: args.pohttp ?? urls.apps };
  const addressesOf = args.resolver
    ? parts.resolvers.addressesFor('phones')
    : addressesBySystem(parts.clock);
  const locator: Locator = {
    byDns: false,
    locate: async (service) => locationOf(located[service]),
    addressesOf: () => addressesOf,
    ca: args.ca,
  };
  const isHere = LOOPBACK.test(phones.hostname);
  return { name: phones.origin, address: null, isHere, locator };
}

function locationOf({ protocol, hostname, port }: URL): ServerLocation {
  const useTls = protocol === 'https:';
  return { host: hostname, port: Number(port || (useTls ? 443 : 80)), useTls, remark: null };
}

function locatorByDns(address: string, { ca }: PingArguments, { resolvers }: TargetParts): Locator {
  return {
    byDns: true,
    async locate(service) {
      const dns = resolvers.dnsFor(service);
      return { ...(await findService(dns, AWALA_SERVICES[service], address)), useTls: true };
    },
    addressesOf: (service) => resolvers.addressesFor(service),
    ca,
  };
}
