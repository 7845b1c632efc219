import { bindHostVariable, serviceVariables } from '#runtime/service.ts';
import { internetAddress } from './internet-address.ts';

/** What every service that is a process of its own reads, besides its backing and what is its own. */
export const sharedServiceVariables = {
  ...serviceVariables,
  host: bindHostVariable('0.0.0.0'),
  internetAddress,
} as const;
