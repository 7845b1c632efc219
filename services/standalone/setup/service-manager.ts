import type { Environment } from '#runtime/configuration/variable.ts';

/** Runs the gateway. */
export interface ServiceManager {
  /** Whether it has the gateway running, or about to be. */
  isRunning(): Promise<boolean>;
  /**
   * Starts the gateway, now and whenever the machine starts; or restarts it, so that it reads its
   * configuration anew.
   *
   * @param configured - the variables of its configuration
   * @throws {SetupError}
   */
  start(configured: Environment): Promise<void>;
  /** Why the gateway does not run, with its own last words; null if it does, or is starting. */
  fault(): Promise<string | null>;
}
