import { bindHostVariable, serviceVariables } from '#runtime/service.ts';
import { internetAddress } from './internet-address.ts';

/** What every service process reads besides its backing and its own variables. */
export const sharedServiceVariables = {
  ...serviceVariables,
  host: bindHostVariable('0.0.0.0'),
  internetAddress,
} as const;
