/** The set-up cannot go on; the message says why, and {@link SetupError.remedy} what to do. */
export class SetupError extends Error {
  readonly code = 'SETUP';
  /** What the operator can do about it, in sentences. */
  readonly remedy: string;

  constructor(message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SetupError';
    this.remedy = remedy;
  }
}
