type LocalVaultErrorCode =
  | 'KEY_FILE_EXPOSED'
  | 'KEY_FILE_DAMAGED'
  | 'KEY_FILE_UNUSABLE'
  | 'SEALING_KEY_MISSING';

/**
 * The local vault's files are unusable as they are; none was changed. The message tells the
 * operator which file, and what to do.
 */
export class LocalVaultError extends Error {
  readonly code: LocalVaultErrorCode;
  readonly path: string;

  private constructor(
    code: LocalVaultErrorCode,
    path: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'LocalVaultError';
    this.code = code;
    this.path = path;
  }

  static exposed(path: string, mode: number, wanted: number): LocalVaultError {
    const message =
      `${path} is open to other users (mode ${octal(mode)}). ` +
      `If nobody else can have read it, run: chmod ${octal(wanted)} ${path}`;
    return new LocalVaultError('KEY_FILE_EXPOSED', path, message);
  }

  static damaged(path: string, how: string): LocalVaultError {
    const message =
      `${path} is damaged: ${how}. Restore it from a backup. ` +
      'Without it the gateway would need a new identity, and every phone would have to register again.';
    return new LocalVaultError('KEY_FILE_DAMAGED', path, message);
  }

  static unusable(path: string, cause: unknown): LocalVaultError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new LocalVaultError('KEY_FILE_UNUSABLE', path, `${path} cannot be used: ${reason}`, {
      cause,
    });
  }

  static sealingKeyMissing(path: string, identityPath: string): LocalVaultError {
    const message =
      `${path} is missing, and without it the identity key in ${identityPath} cannot be read. ` +
      'Restore it from a backup.';
    return new LocalVaultError('SEALING_KEY_MISSING', path, message);
  }
}

function octal(mode: number): string {
  return mode.toString(8).padStart(3, '0');
}
