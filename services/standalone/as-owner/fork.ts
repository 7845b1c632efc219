import { type ChildProcess, type ForkOptions, fork } from 'node:child_process';

/**
 * Starts a process of ours that is to become another user's (`becomeOwner`). It starts as root, so
 * that this user can neither trace it nor change what it runs. It gets neither our secrets nor the
 * terminal, through which it could type for root.
 *
 * @param program - the URL of its module
 * @param options.timeout - in milliseconds, after which it is ended
 * @param options.pipes - its descriptors from 4 on; 3 is for messages, and it has none before
 */
export function forkForOwner(
  program: URL,
  { pipes = [], ...options }: Pick<ForkOptions, 'timeout'> & { readonly pipes?: readonly 'pipe'[] },
): ChildProcess {
  return fork(program, {
    ...options,
    env: { NODE_DISABLE_COMPILE_CACHE: '1' },
    execArgv: ['--disable-warning=ExperimentalWarning', '--disable-sigusr1'],
    detached: true,
    // Its owner may speak in its place; the other way runs V8’s deserialiser on what they say.
    serialization: 'json',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc', ...pipes],
  });
}
