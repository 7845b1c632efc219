import { text } from '#runtime/configuration/variables.ts';

/** Where everything lies that a gateway keeps on the machine it runs on. */
export const dataFolder = text('DATA_DIR', {
  meaning: 'the folder that holds keys and parcels',
  default: './data',
});
