import { systemClock } from '#clock/clock.ts';
import { ping } from '../ping/ping.ts';
import { StepFailedError } from '../ping/steps.ts';
import type { Command } from './command.ts';
import { pingTarget } from './ping-target.ts';

/** `awala-gateway ping`: sends parcels through a running gateway. */
export const pingCommand: Command = {
  usage: `Usage: awala-gateway ping [--no-cargo] [--cogrpc <host:port>] [<address or URL>]

Registers a throw-away phone with a running gateway, sends a parcel from one of
its apps to another, and collects it; then the same with another parcel in
cargo, as a courier does. Prints each step with its duration. If a step fails,
names it and exits with 1.

  <address>  an Awala address such as gateway.example.org, looked up in the DNS
  <URL>      where the gateway serves PoWeb, such as http://127.0.0.1:8080

By default it pings the gateway on this machine (POWEB_PORT, COGRPC_PORT).

  --cogrpc <host:port>  where the gateway serves couriers, with TLS if PoWeb has it;
                        by default as the DNS says, or port 8082 of the URL's host
  --no-cargo            skip couriers`,
  async run({ args, environment, print }) {
    const target = await pingTarget(args, environment);
    try {
      await ping(target, { print, clock: systemClock });
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
