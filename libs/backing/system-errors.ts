/** What the operating system, or Node, calls an error, such as `ENOENT`; undefined if it has no name. */
export function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/** @returns a handler that turns these errors into null, and throws all others */
export function unlessCode(...codes: readonly string[]) {
  return (error: unknown): null => {
    if (codes.includes(String(codeOf(error)))) {
      return null;
    }
    throw error;
  };
}

/** Turns the error of a file or folder that is not there into null, and throws all others. */
export const unlessAbsent = unlessCode('ENOENT');
