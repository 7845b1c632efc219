import { boolean } from '#runtime/configuration/variables.ts';

/**
 * Whether private gateways may withdraw their endpoints' authorisations and revoke their own
 * certificates. Set alike in all services.
 *
 * @see docs/proposals/withdrawals.md
 */
export const acceptsWithdrawals = boolean('ACCEPT_WITHDRAWALS', {
  meaning:
    'whether phones may withdraw the authorisations that their apps gave to others, and revoke their own certificates',
  default: false,
});
