import { text } from '#runtime/configuration/variables.ts';

/** The folder for everything that a gateway keeps on its own machine. */
export const dataFolder = text('DATA_DIR', {
  meaning: 'the folder that holds keys and parcels',
  default: './data',
});
