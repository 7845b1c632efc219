import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** `ip netns exec` shows a namespace the files in a folder of its name here as those in `/etc`. */
const ETC_OF_NAMESPACES = '/etc/netns';

/** Addresses that count as public, which nobody but these two networks sees. */
export const SERVER = { ipv4: '9.9.9.9', ipv6: '2620:fe::9' } as const;
export const INTERNET = { ipv4: '9.9.9.1', ipv6: '2620:fe::1' } as const;

/** @returns why there can be no networks of one's own here; null if there can */
export async function whyNoNetworks(): Promise<string | null> {
  try {
    await using networks = await TwoNetworks.make('awala-probe');
    return networks.server === '' ? 'no network namespaces' : null;
  } catch (error) {
    return `network namespaces are not allowed here, or ip is missing: ${error}`;
  }
}

/** A server's network with every port free, and that of the rest of the world. */
export class TwoNetworks implements AsyncDisposable {
  /** Names of network namespaces. */
  readonly server: string;
  readonly internet: string;

  private constructor(name: string) {
    this.server = `${name}-server-${process.pid}`;
    this.internet = `${name}-world-${process.pid}`;
  }

  /** @param host - the server's name, which the rest of the world knows */
  static async make(name: string, host = 'localhost'): Promise<TwoNetworks> {
    const networks = new TwoNetworks(name);
    const { server, internet } = networks;
    try {
      await run('ip', ['netns', 'add', server]);
      await run('ip', ['netns', 'add', internet]);
      const pair = ['eth0', 'netns', server, 'type', 'veth', 'peer', 'eth0', 'netns', internet];
      await run('ip', ['link', 'add', ...pair]);
      await mkdir(join(ETC_OF_NAMESPACES, internet), { recursive: true });
      const hosts = `127.0.0.1 localhost\n${SERVER.ipv4} ${host}\n`;
      await writeFile(join(ETC_OF_NAMESPACES, internet, 'hosts'), hosts);
      // Units of systemd get their ports from it.
      const anyPort = 'net.ipv4.ip_unprivileged_port_start=0';
      await run('ip', ['netns', 'exec', server, 'sysctl', '-qw', anyPort]);
      await open(server, SERVER);
      await open(internet, INTERNET);
      return networks;
    } catch (error) {
      await networks[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const namespace of [this.server, this.internet]) {
      await run('ip', ['netns', 'delete', namespace]).catch(() => {});
    }
    await rm(join(ETC_OF_NAMESPACES, this.internet), { recursive: true, force: true });
  }
}

async function open(namespace: string, { ipv4, ipv6 }: typeof SERVER | typeof INTERNET) {
  const ip = (...args: string[]) => run('ip', ['-n', namespace, ...args]);
  await ip('link', 'set', 'lo', 'up');
  await ip('link', 'set', 'eth0', 'up');
  await ip('address', 'add', `${ipv4}/24`, 'dev', 'eth0');
  await ip('address', 'add', `${ipv6}/64`, 'dev', 'eth0', 'nodad');
}
