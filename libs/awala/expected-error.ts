/** An Error but for the stack, and so a fifteenth of the cost. */
class WithoutStack {
  readonly message: string;
  readonly name: string = 'ExpectedError';
  declare readonly cause?: unknown;

  constructor(message: string, options?: ErrorOptions) {
    this.message = message;
    if (options && 'cause' in options) {
      this.cause = options.cause;
    }
  }
}
// The constructor of Error is what takes the stack.
Object.setPrototypeOf(WithoutStack.prototype, Error.prototype);

/**
 * What peers can bring about as often as they like, by what they send: an `instanceof Error`
 * whose class, code and message say all there is to say. It has no stack, which
 * would cost more than many a refusal, and lines of the log.
 */
export const ExpectedError = WithoutStack as unknown as new (
  message: string,
  options?: ErrorOptions,
) => Error;
