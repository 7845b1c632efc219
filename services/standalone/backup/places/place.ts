/** Where backups are kept. */
export interface BackupPlace extends AsyncDisposable {
  /** For messages; nothing secret. */
  readonly address: string;
  /**
   * Writes a backup durably. Until {@link publish}, it has another name, or can be discarded where
   * nothing can be renamed. If writing fails, nothing is left.
   *
   * @throws {BackupError} if there is no room or no permission
   */
  write(name: string, octets: AsyncIterable<Uint8Array>): Promise<void>;
  /** Reads what was written, whether or not it is published. */
  read(name: string): AsyncIterable<Uint8Array>;
  /** Gives it its name. */
  publish(name: string): Promise<void>;
  /** Removes what was written and not published. */
  discard(name: string): Promise<void>;
  /** Names of the published backups, and of whatever else is there. */
  list(): Promise<readonly string[]>;
  remove(name: string): Promise<void>;
}
