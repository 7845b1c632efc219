import type { KeyVault } from '../port.ts';

/** A vault for one test; disposing of it closes the vault and removes what it held. */
interface OpenedVault extends AsyncDisposable {
  readonly vault: KeyVault;
  /** Opens the same vault once more, as another process would. */
  reopen(): Promise<KeyVault>;
}

/** Opens a vault with an identity key that no other vault has. */
export type OpenVault = () => Promise<OpenedVault>;
