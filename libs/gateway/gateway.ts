import type { MessageVerifier } from '#awala/message-verifier.ts';
import type { Clock } from '#clock/clock.ts';
import type { ClockPlausibility } from '#clock/clock-plausibility.ts';
import type { HeldIndex } from '#held-index/port.ts';
import type { KeyVault } from '#key-vault/port.ts';
import type { Log } from '#log/log.ts';
import type { GatewayMetrics } from '#metrics/port.ts';
import type { ObjectStore } from '#object-store/port.ts';
import type { RecordStore } from '#record-store/port.ts';
import type { Signals } from '#signals/port.ts';
import type { Tallies } from '#tallies/port.ts';
import type { WorkQueue } from '#work-queue/port.ts';
import { AcceptedParcels } from './held/accepted-parcels.ts';
import type { HeldSettings } from './held/held-bounds.ts';
import { HeldShares } from './held/held-shares.ts';
import { Mailbox } from './held/mailbox.ts';
import { Outbox } from './held/outbox.ts';
import { Admission, type RegistrationMode } from './identity/admission.ts';
import { DoubtingVerifier } from './identity/doubting-verifier.ts';
import { Identity } from './identity/identity.ts';
import { Registrar } from './identity/registrar.ts';
import { RenewalNotes } from './identity/renewal-notes.ts';
import { SessionKeys } from './identity/sessions/session-keys.ts';
import { Withdrawals } from './identity/withdrawals.ts';
import { ParcelIntake, type ParcelIntakeParts } from './intake/parcel-intake.ts';
import { type QuotaSettings, Quotas } from './intake/quotas.ts';
import { PeerPolicy } from './peers/peer-policy.ts';

/** The ports that a gateway is built on. */
export interface GatewayPorts {
  readonly objects: ObjectStore;
  readonly records: RecordStore;
  readonly vault: KeyVault;
  readonly signals: Signals;
  /** Null, as by default, where listing the object store costs next to nothing. */
  readonly heldIndex?: HeldIndex | null;
  readonly queue: WorkQueue;
  readonly tallies: Tallies;
  readonly clock: Clock;
  /** Whether the clock may be right; never in doubt unless given. */
  readonly plausibility?: ClockPlausibility;
  readonly log: Log;
  readonly metrics: GatewayMetrics;
}

/** The parts of a gateway, wired; each service uses those it needs. */
export interface Gateway {
  readonly internetAddress: string;
  readonly identity: Identity;
  readonly sessionKeys: SessionKeys;
  readonly verifier: MessageVerifier;
  readonly mailbox: Mailbox;
  readonly outbox: Outbox;
  readonly acceptedParcels: AcceptedParcels;
  readonly quotas: Quotas;
  readonly heldShares: HeldShares;
  readonly intake: ParcelIntake;
  readonly registrar: Registrar;
  /** As read when the gateway was opened; whoever serves peers keeps it current. */
  readonly policy: PeerPolicy;
  readonly renewalNotes: RenewalNotes;
  /** Null where nothing can be withdrawn. */
  readonly withdrawals: Withdrawals | null;
}

interface GatewayOptions extends Pick<ParcelIntakeParts, 'recordsEveryParcel'> {
  /** As `acceptsPublished` of {@link SessionKeys}. */
  readonly acceptsPublishedKey?: boolean;
  /** Whether private gateways may withdraw authorisations. @default false */
  readonly acceptsWithdrawals?: boolean;
  /** As in {@link Mailbox}. */
  readonly maxSignalledOctets?: number;
  /** Anybody by default. */
  readonly registration?: RegistrationMode;
  /** Without any by default. */
  readonly quotas?: QuotaSettings;
  /** Without any bound but the store's by default. */
  readonly held?: HeldSettings;
}

const NO_QUOTAS: QuotaSettings = {
  parcelsPerHour: 0,
  parcelsPerDay: 0,
  cargoesPerHour: 0,
  cargoesPerDay: 0,
  octetsPerHour: 0,
  octetsPerDay: 0,
};

const NO_BOUNDS: HeldSettings = { parcels: 0, octets: 0, percentOfRoom: 0, storeOctets: 0 };

/**
 * Wires a gateway on its ports, and creates its certificate if there is none.
 *
 * @param internetAddress - this gateway's own, in canonical form
 * @throws {BackingUnavailableError}
 */
export async function openGateway(
  ports: GatewayPorts,
  internetAddress: string,
  options: GatewayOptions = {},
): Promise<Gateway> {
  const { acceptsPublishedKey, recordsEveryParcel, maxSignalledOctets } = options;
  const { registration = 'open' } = options;
  const identity = await Identity.open(ports);
  const sessionKeys = new SessionKeys(ports, { acceptsPublished: acceptsPublishedKey });
  const verifier = new DoubtingVerifier(ports);
  const heldShares = new HeldShares(ports, options.held ?? NO_BOUNDS);
  const mailbox = new Mailbox({ ...ports, maxSignalledOctets, onHeld: heldShares.heard });
  const outbox = new Outbox(ports);
  const acceptedParcels = new AcceptedParcels(ports);
  const policy = await PeerPolicy.read(ports);
  const quotas = new Quotas(ports.tallies, options.quotas ?? NO_QUOTAS, policy);
  const own = { ...ports, internetAddress, identity, policy };
  const renewalNotes = new RenewalNotes({ ...ports, notesKnown: registration !== 'open' });
  const admission = new Admission({ ...ports, registration, renewalNotes });
  const withdrawals = options.acceptsWithdrawals ? new Withdrawals(ports) : null;
  return {
    internetAddress,
    identity,
    sessionKeys,
    verifier,
    mailbox,
    outbox,
    acceptedParcels,
    quotas,
    heldShares,
    intake: new ParcelIntake({
      ...own,
      recordsEveryParcel,
      verifier,
      mailbox,
      outbox,
      acceptedParcels,
      quotas,
      withdrawals,
      heldShares,
    }),
    policy,
    registrar: new Registrar({ ...own, sessionKeys, admission, renewalNotes }),
    renewalNotes,
    withdrawals,
  };
}
