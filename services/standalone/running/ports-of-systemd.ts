import type { RunProgram } from './run-program.ts';

/** Those of the package, and others whose names begin like theirs. */
const SOCKETS = 'awala-gateway-*.socket';

/**
 * On which TCP ports systemd listens for the gateway, also while that is stopped: whoever connects
 * makes systemd start it.
 *
 * @returns none where systemd does not run, or says nothing, as without D-Bus to any user but root
 */
export async function portsOfSystemd(run: RunProgram): Promise<ReadonlySet<number>> {
  const { output } = await run('systemctl', ['show', '--property=ActiveState,Listen', SOCKETS]);
  const listening = output.split('\n\n').filter((unit) => /^ActiveState=active$/m.test(unit));
  const ports = listening.join('\n').matchAll(/^Listen=.*:(\d+) \(Stream\)$/gm);
  return new Set(Array.from(ports, ([, port]) => Number(port)));
}
