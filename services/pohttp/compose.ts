import { composeService, type Given, type Running } from '#composition/compose-service.ts';
import { AcceptedParcels } from '#gateway/held/accepted-parcels.ts';
import { HeldShares } from '#gateway/held/held-shares.ts';
import { Mailbox } from '#gateway/held/mailbox.ts';
import { DoubtingVerifier } from '#gateway/identity/doubting-verifier.ts';
import { Identity } from '#gateway/identity/identity.ts';
import { Withdrawals } from '#gateway/identity/withdrawals.ts';
import { ParcelIntake } from '#gateway/intake/parcel-intake.ts';
import { Quotas } from '#gateway/intake/quotas.ts';
import { connectionBound } from '#runtime/http/connection-bound.ts';
import type { PohttpConfig } from './config.ts';
import { createPohttpServer } from './pohttp-server.ts';

/** A running service for Internet apps. */
type Pohttp = Running<{ readonly listening: { readonly pohttp: number } }>;

/**
 * Serves Internet apps until disposed of, which drains. Waits for the gateway's first certificate.
 */
export function composePohttp(config: PohttpConfig, given: Given): Promise<Pohttp> {
  return composeService('pohttp', config, given, {
    open: async (parts) => ({ identity: await Identity.openToVerify(parts) }),
    async serve(parts, opened) {
      const { internetAddress, host } = config;
      const heldShares = new HeldShares(parts, config.held);
      const { maxSignalledOctets } = config;
      const mailbox = new Mailbox({ ...parts, maxSignalledOctets, onHeld: heldShares.heard });
      const intake = new ParcelIntake({
        ...parts,
        internetAddress,
        verifier: new DoubtingVerifier(parts),
        mailbox,
        heldShares,
        acceptedParcels: new AcceptedParcels(parts),
        quotas: new Quotas(parts.tallies, config.quotas),
        withdrawals: config.acceptsWithdrawals ? new Withdrawals(parts) : null,
        // From the Internet, only what is for our own private endpoints is accepted.
        outbox: { store: () => Promise.reject(new Error('PoHTTP sends nothing elsewhere')) },
      });
      const maxConnections = await connectionBound({ servers: 1, others: 0 }, parts.log);
      const options = { ...config.pohttp, host, maxConnections };
      const server = opened.use(createPohttpServer(options, { ...parts, intake }));
      await server.listen();
      return { listening: { pohttp: server.port } };
    },
  });
}
