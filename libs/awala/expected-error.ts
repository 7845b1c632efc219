/** An Error without a stack, at a fifteenth of the cost. */
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
// Error's constructor is what captures the stack.
Object.setPrototypeOf(WithoutStack.prototype, Error.prototype);

/**
 * Base of the errors that peers can cause at will. An `instanceof Error` without a stack, since
 * class, code and message say everything, and a stack would cost more than refusing the message
 * does, besides filling the log.
 */
export const ExpectedError = WithoutStack as unknown as new (
  message: string,
  options?: ErrorOptions,
) => Error;
