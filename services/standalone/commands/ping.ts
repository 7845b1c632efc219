import { resolveSrv } from 'node:dns/promises';
import { systemClock } from '#clock/clock.ts';
import { canonicalInternetAddress } from '#gateway/internet-address.ts';
import { readConfiguration } from '#runtime/configuration/configuration.ts';
import type { Environment } from '#runtime/configuration/variable.ts';
import { STANDALONE_VARIABLES } from '../config.ts';
import { ping } from '../ping/ping.ts';
import { StepFailedError } from '../ping/steps.ts';
import { type Command, UsageError } from './command.ts';

export const pingCommand: Command = {
  usage: `Usage: awala-gateway ping [<address or URL>]

Registers a throw-away phone with a running gateway, sends a parcel from one of
its apps to another, collects it, and prints each step with its time. Ends
non-zero with the failing step named.

  <address>  an Awala address such as gateway.example.org, looked up in the DNS
  <URL>      where the gateway serves PoWeb, such as http://127.0.0.1:8080

Without either, the gateway on this machine is pinged (POWEB_PORT).`,
  async run({ args, environment, print }) {
    const base = await baseUrl(args, environment);
    try {
      await ping(base, { print, clock: systemClock });
      return 0;
    } catch (error) {
      if (error instanceof StepFailedError) {
        print(`Failed at: ${error.message}`);
        return 1;
      }
      throw error;
    }
  },
};

async function baseUrl(args: readonly string[], environment: Environment): Promise<URL> {
  const [target, ...others] = args;
  if (others.length > 0) {
    throw new UsageError('ping takes one address or URL');
  }
  if (target === undefined) {
    const { port } = readConfiguration(environment, { port: STANDALONE_VARIABLES.poweb.port });
    return new URL(`http://127.0.0.1:${port}`);
  }
  if (/^https?:\/\//.test(target) && URL.canParse(target)) {
    return new URL(target);
  }
  const address = canonicalInternetAddress(target);
  if (!address) {
    throw new UsageError(`“${target}” is neither an Awala address nor a URL`);
  }
  const [record] = await resolveSrv(`_awala-gsc._tcp.${address}`).catch(() => []);
  return new URL(record ? `https://${record.name}:${record.port}` : `https://${address}`);
}
