import { BROKER_VARIABLE } from './ask-broker.ts';
import { Broker } from './broker.ts';
import { hasDockerEngine } from './containers.ts';
import {
  obtainCaddy,
  obtainFakeGcs,
  obtainFakeS3,
  obtainHaproxy,
  obtainNginx,
  obtainPebble,
  obtainPebbleDns,
  obtainRedis,
} from './programs.ts';
import { ADDRESS_VARIABLES } from './servers.ts';

/**
 * Shares the backing servers among all test files of a run
 * (`node --test --test-global-setup=./test/backing/global-setup.ts`). Missing programs are installed
 * before the first test, outside any test's time limit; each server starts at the first request, and
 * stops with the run.
 */
let broker: Broker | undefined;

export async function globalSetup(): Promise<void> {
  const hasContainers = await hasDockerEngine();
  // One after the other, as apt-get takes a lock.
  const installing = (async () => {
    await (hasContainers ? undefined : obtainRedis());
    await obtainHaproxy();
    await obtainCaddy();
    await obtainNginx();
  })();
  const building = (async () => {
    await (hasContainers ? undefined : obtainFakeGcs());
    await obtainFakeS3();
    await obtainPebble();
    await obtainPebbleDns();
  })();
  await Promise.all([installing, building]);
  broker = new Broker();
  process.env[BROKER_VARIABLE] = await broker.listen();
}

export async function globalTeardown(): Promise<void> {
  const given = Object.entries(ADDRESS_VARIABLES).flatMap(([name, variable]) => {
    const address = process.env[variable];
    return address ? [`${name}: ${address}, which the environment gives (${variable})`] : [];
  });
  const lines = [...given, ...((await broker?.report()) ?? [])];
  process.stderr.write(
    `Backing services of this run:\n${lines.map((line) => `  ${line}\n`).join('') || '  none\n'}`,
  );
  delete process.env[BROKER_VARIABLE];
  await broker?.[Symbol.asyncDispose]();
}
