import process from 'node:process';

/** A stream that was left, and one that is written to after that. */
const LEFT = ['EPIPE', 'ERR_STREAM_DESTROYED'];

/**
 * Lets this process outlive whoever reads what it prints: `head` and `less` leave early, and Node would
 * end the process with a stack.
 *
 * @param endsThen - whether it then ends quietly, with 0; otherwise it goes on silently
 */
export function outliveReaders({ endsThen }: { readonly endsThen: boolean }): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (!LEFT.includes(error.code ?? '')) {
        throw error;
      }
      if (endsThen) {
        process.exit(0);
      }
    });
  }
}
