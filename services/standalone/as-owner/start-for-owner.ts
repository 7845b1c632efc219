import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import process from 'node:process';
import { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';

/**
 * Starts a process of ours that is to become another user's (`becomeOwner`). It starts as root, so
 * that this user can neither trace it nor change what it runs. It gets neither our secrets nor the
 * terminal, through which it could type for root.
 *
 * @param program - the URL of its module
 * @param options.timeout - in milliseconds, after which it is ended
 * @param options.pipes - its descriptors from 4 on; 3 is for messages, and it has none before
 */
export function startForOwner(
  program: URL,
  {
    pipes = [],
    ...options
  }: Pick<SpawnOptions, 'timeout'> & { readonly pipes?: readonly 'pipe'[] },
): ChildProcess {
  const flags = ['--disable-warning=ExperimentalWarning', '--disable-sigusr1'];
  return spawn(process.execPath, [...flags, fileURLToPath(program)], {
    ...options,
    // Its owner may have stopped it, and so keep it from heeding anything else.
    killSignal: 'SIGKILL',
    env: { NODE_DISABLE_COMPILE_CACHE: '1' },
    detached: true,
    // No channel of Node's: its owner may speak in its place, and Node takes messages of any length.
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', ...pipes],
  });
}

/** This end of a pipe of {@link startForOwner}. Whoever uses it hears of its errors. */
export function pipeTo(child: ChildProcess, descriptor: number): Duplex {
  const pipe = child.stdio[descriptor];
  if (!(pipe instanceof Duplex)) {
    throw new TypeError(`descriptor ${descriptor} is no pipe`);
  }
  // When the process ends, nobody may be using it.
  return pipe.on('error', () => {});
}
