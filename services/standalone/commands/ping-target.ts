import { resolveSrv } from 'node:dns/promises';
import { parseArgs } from 'node:util';
import { canonicalInternetAddress } from '#awala/internet-address.ts';
import { readConfiguration } from '#runtime/configuration/configuration.ts';
import type { Environment } from '#runtime/configuration/variable.ts';
import { COGRPC_VARIABLES } from '#services/cogrpc/config.ts';
import { STANDALONE_VARIABLES } from '../config.ts';
import type { PingTarget } from '../ping/ping.ts';
import { UsageError } from './command.ts';

const LOCAL_HOST = '127.0.0.1';
const HTTPS_PORT = 443;

interface PingArguments {
  readonly target: string | undefined;
  readonly cogrpc: string | undefined;
  readonly withCargo: boolean;
}

/**
 * Finds out what to ping from the command's arguments; asks the DNS if they name an Awala address.
 *
 * @throws {UsageError}
 * @throws {ConfigurationError}
 */
export async function pingTarget(
  args: readonly string[],
  environment: Environment,
): Promise<PingTarget> {
  const { target, cogrpc, withCargo } = readArguments(args);
  const found = await find(target, environment);
  const useTls = found.base.protocol === 'https:';
  const address = cogrpc ?? found.couriers;
  return { base: found.base, couriers: withCargo ? { address, useTls } : null };
}

function readArguments(args: readonly string[]): PingArguments {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { cogrpc: { type: 'string' }, 'no-cargo': { type: 'boolean', default: false } },
      allowPositionals: true,
    });
    const [target, ...others] = positionals;
    if (others.length > 0) {
      throw new UsageError('ping takes one address or URL');
    }
    if (values.cogrpc !== undefined && !/^\S+:\d{1,5}$/.test(values.cogrpc)) {
      throw new UsageError(`“${values.cogrpc}” is not a host and a port`);
    }
    return { target, cogrpc: values.cogrpc, withCargo: !values['no-cargo'] };
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(error.message) : error;
  }
}

/** Where a gateway serves PoWeb and couriers. */
interface Found {
  readonly base: URL;
  /** Host and port. */
  readonly couriers: string;
}

async function find(target: string | undefined, environment: Environment): Promise<Found> {
  if (target === undefined) {
    const { poweb, cogrpc } = STANDALONE_VARIABLES;
    const ports = readConfiguration(environment, { poweb: poweb.port, cogrpc: cogrpc.port });
    const base = new URL(`http://${LOCAL_HOST}:${ports.poweb}`);
    return { base, couriers: `${LOCAL_HOST}:${ports.cogrpc}` };
  }
  if (/^https?:\/\//.test(target) && URL.canParse(target)) {
    const base = new URL(target);
    return { base, couriers: `${base.hostname}:${COGRPC_VARIABLES.port.read(undefined)}` };
  }
  const address = canonicalInternetAddress(target);
  if (!address) {
    throw new UsageError(`“${target}” is neither an Awala address nor a URL`);
  }
  const [poweb, couriers] = await Promise.all([
    hostServing('_awala-gsc._tcp', address),
    hostServing('_awala-crc._tcp', address),
  ]);
  return { base: new URL(`https://${poweb}`), couriers };
}

/** @returns host and port by the SRV record; the address itself if it has none */
async function hostServing(service: string, address: string): Promise<string> {
  const [record] = await resolveSrv(`${service}.${address}`).catch(() => []);
  return record ? `${record.name}:${record.port}` : `${address}:${HTTPS_PORT}`;
}
