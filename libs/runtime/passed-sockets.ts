import type { Environment } from './configuration/variable.ts';

/** File descriptors of sockets that listen already, by the name of their server. */
export type PassedSockets = ReadonlyMap<string, number>;

/** No sockets were passed. */
export const NO_PASSED_SOCKETS: PassedSockets = new Map();

/** After standard input, output and error. */
const FIRST_FD = 3;

interface PassedSocketsReading {
  readonly sockets: PassedSockets;
  /** Why they cannot be used, each starting with the variable's name. */
  readonly faults: readonly string[];
  /** Why none are used although some were passed; null otherwise. */
  readonly remark: string | null;
}

/**
 * Reads which listening sockets a parent passed and holds across restarts, so that nobody is
 * refused meanwhile: `LISTEN_PID`, `LISTEN_FDS` and `LISTEN_FDNAMES`, as set by systemd's socket
 * units. Ignores those for another process.
 *
 * @param names - of this process's servers
 * @see sd_listen_fds(3)
 */
export function readPassedSockets(
  { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES }: Environment,
  { pid, names }: { readonly pid: number; readonly names: readonly string[] },
): PassedSocketsReading {
  const none = { sockets: NO_PASSED_SOCKETS, faults: [], remark: null };
  if (!LISTEN_PID || !LISTEN_FDS) {
    return none;
  }
  if (LISTEN_PID !== `${pid}`) {
    const remark = `LISTEN_FDS is for process ${LISTEN_PID.slice(0, 20)}, and this is ${pid}: start node itself, not npm`;
    return { ...none, remark };
  }
  if (!/^[1-9]\d?$/.test(LISTEN_FDS)) {
    const fault = `LISTEN_FDS must be a whole number from 1 to 99, but is "${LISTEN_FDS.slice(0, 80)}"`;
    return { ...none, faults: [fault] };
  }
  const passed = (LISTEN_FDNAMES ?? '').split(':').filter((name) => name !== '');
  const faults = faultsIn(passed, { count: Number(LISTEN_FDS), names });
  return faults.length > 0
    ? { ...none, faults }
    : { ...none, sockets: new Map(passed.map((name, index) => [name, FIRST_FD + index])) };
}

function faultsIn(
  passed: readonly string[],
  { count, names }: { readonly count: number; readonly names: readonly string[] },
): readonly string[] {
  const known = names.join(', ');
  if (passed.length !== count) {
    return [
      `LISTEN_FDNAMES must name each of the ${count} sockets of LISTEN_FDS (${known}), separated by colons`,
    ];
  }
  const unknown = passed.filter((name) => !names.includes(name));
  const repeated = passed.filter((name, index) => passed.indexOf(name) !== index);
  return [
    ...unknown.map(
      (name) =>
        `LISTEN_FDNAMES must only name servers of this process (${known}), but has "${name.slice(0, 80)}"`,
    ),
    ...new Set(
      repeated.map((name) => `LISTEN_FDNAMES must name each server once, but has "${name}" twice`),
    ),
  ];
}
