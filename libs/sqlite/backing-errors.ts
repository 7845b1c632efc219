import { type Backing, BackingFullError, BackingUnavailableError } from '#backing/errors.ts';
import { DatabaseFullError, DatabaseUnavailableError } from './errors.ts';

/** Runs `work` for a port: what the database cannot do is what its backing cannot do. */
export async function asBacking<Result>(
  backing: Backing,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw backingError(backing, error);
  }
}

/** The error that a port documents for an error of the database; any other stays as it is. */
export function backingError(backing: Backing, error: unknown): unknown {
  if (error instanceof DatabaseFullError) {
    return new BackingFullError(backing, error.message, { cause: error });
  }
  if (error instanceof DatabaseUnavailableError) {
    return new BackingUnavailableError(backing, error.message, { cause: error });
  }
  return error;
}
