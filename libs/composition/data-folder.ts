import { text } from '#runtime/configuration/variables.ts';

/** The folder for everything that a gateway keeps on its own machine. */
export const dataFolder = text('DATA_DIR', {
  meaning: 'the folder that holds keys and parcels',
  default: './data',
});

/** The database in it. */
export const DATABASE_FILE = 'gateway.db';

/** In it, a note of the address of the gateway that it belongs to. */
export const ADDRESS_FILE = 'internet-address';

/** In it, the folder of the TLS certificates that were ordered, and of their keys. */
export const CERTIFICATES_FOLDER = 'certificates';

/** In it, the folder of the local key vault. */
export const KEYS_FOLDER = 'keys';
