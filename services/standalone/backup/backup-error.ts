/** A backup or restore cannot go on; the message tells the operator why, and what to do. */
export class BackupError extends Error {
  readonly code = 'BACKUP_FAILED';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BackupError';
  }
}
