import { getSystemErrorMessage } from 'node:util';

/** An error of the operating system, as Node makes them. */
interface SystemError extends Error {
  readonly errno: number;
  readonly syscall: string;
  readonly code: string;
  readonly path?: unknown;
  readonly address?: unknown;
  readonly port?: unknown;
}

/** What keeps a server from listening, in words that follow an address, by the system's code. */
export const LISTENING_FAULTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there already',
  EACCES: 'this user may not listen there',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'this machine has no such address',
};

/** Says in one sentence, without a stack, why something could not be started. */
export function startFailure(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  return isSystemError(error) ? sentence(error) : error.message;
}

function sentence({ errno, syscall, code, path, address, port, message }: SystemError): string {
  const reason = getSystemErrorMessage(errno) ?? message;
  if (syscall === 'listen' && address !== undefined) {
    const where = port === undefined ? `${address}` : `${address}, port ${port}`;
    return `cannot listen on ${where}: ${LISTENING_FAULTS[code] ?? reason}`;
  }
  return path === undefined ? message : `cannot ${syscall} ${path}: ${reason}`;
}

function isSystemError(error: Error): error is SystemError {
  return (
    'errno' in error &&
    typeof error.errno === 'number' &&
    'syscall' in error &&
    typeof error.syscall === 'string'
  );
}
