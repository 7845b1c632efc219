import type { User } from '../../as-owner/other-owner.ts';

/** Where backups are kept. */
export interface BackupPlace extends AsyncDisposable {
  /** For messages; nothing secret. */
  readonly address: string;
  /** Whom root must become to write there; null if nobody. */
  otherOwner(): Promise<User | null>;
  /** Becomes that user, in the whole process and for good. */
  become(user: User): void;
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
