import { boolean } from '#runtime/configuration/variables.ts';

/**
 * Whether private gateways may withdraw their endpoints' authorisations. Set alike in all services that
 * take parcels.
 *
 * @see docs/proposals/withdrawals.md
 */
export const acceptsWithdrawals = boolean('ACCEPT_WITHDRAWALS', {
  meaning:
    'whether phones may withdraw the authorisations that their apps gave to others to write to them',
  default: false,
});
