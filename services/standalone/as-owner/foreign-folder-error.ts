/** Root must not act in a folder, and cannot tell as whom; the message says what to do. */
export class ForeignFolderError extends Error {
  readonly code = 'FOREIGN_FOLDER';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ForeignFolderError';
  }
}
