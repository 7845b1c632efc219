import { randomBytes, randomUUID } from 'node:crypto';
import { MessageVerifier } from '#awala/message-verifier.ts';
import { Budget } from '#bounds/budget.ts';
import { type Clock, systemClock } from '#clock/clock.ts';
import type { ClockPlausibility } from '#clock/clock-plausibility.ts';
import type { AcceptedParcels } from '#gateway/cargo-collection/collection-contents.ts';
import type { HeldSettings } from '#gateway/held/held-bounds.ts';
import { Mailbox } from '#gateway/held/mailbox.ts';
import { Identity } from '#gateway/identity/identity.ts';
import { RenewalNotes } from '#gateway/identity/renewal-notes.ts';
import { PeerSessionKeys } from '#gateway/identity/sessions/peer-session-keys.ts';
import { SessionKeys } from '#gateway/identity/sessions/session-keys.ts';
import type { QuotaSettings } from '#gateway/intake/quotas.ts';
import type { PeerPolicy } from '#gateway/peers/peer-policy.ts';
import { type Log, silentLog } from '#log/log.ts';
import { type GatewayMetrics, noMetrics } from '#metrics/port.ts';
import { InMemoryObjectStore } from '#object-store/in-memory.ts';
import type { ObjectStore } from '#object-store/port.ts';
import { InMemoryRecordStore } from '#record-store/in-memory.ts';
import type { RecordStore } from '#record-store/port.ts';
import { readConfiguration } from '#runtime/configuration/configuration.ts';
import { ClientNetworks } from '#runtime/http/client-networks.ts';
import { type CogrpcParts, CogrpcServer } from '#services/cogrpc/cogrpc-server.ts';
import { COGRPC_VARIABLES } from '#services/cogrpc/config.ts';
import { deliveryBudget } from '#services/cogrpc/delivery-admission.ts';
import { COGRPC_LIMITS, type CogrpcLimits } from '#services/cogrpc/limits.ts';
import { InProcessSignals } from '#signals/in-process/signals.ts';
import { counted, heldShares } from '#test/builders/counted.ts';
import { nobodyBlocked } from '#test/builders/nobody-blocked.ts';
import {
  identity as identityCalled,
  internetGateway,
  type Identity as Key,
  type Peer,
  privateGateway,
  type Validity,
} from '#test/builders/peers.ts';
import { InMemoryWorkQueue } from '#work-queue/in-memory.ts';
import type { WorkQueue } from '#work-queue/port.ts';
import { MemoryVault } from './memory-vault.ts';

const MIB = 1_024 * 1_024;

export interface CogrpcOptions {
  readonly objects?: ObjectStore;
  readonly records?: RecordStore;
  readonly queue?: WorkQueue;
  readonly clock?: Clock;
  readonly plausibility?: ClockPlausibility;
  readonly log?: Log;
  readonly metrics?: GatewayMetrics;
  readonly acceptedParcels?: AcceptedParcels;
  /** Nobody is blocked by default. */
  readonly policy?: PeerPolicy;
  readonly limits?: Partial<CogrpcLimits>;
  readonly budgetOctets?: number;
  readonly quotas?: Partial<QuotaSettings>;
  /** Nothing is bounded by default. */
  readonly held?: Partial<HeldSettings>;
  /** The gateway's key. */
  readonly identity?: Key;
}

const DEFAULTS = readConfiguration({}, COGRPC_VARIABLES);

/** A CogRPC server on a port of its own, and what stands behind it. */
export interface OpenedCogrpc extends CogrpcParts, AsyncDisposable {
  readonly server: CogrpcServer;
  readonly port: number;
  readonly vault: MemoryVault;
  /** The gateway as a peer, to issue certificates with. */
  readonly gateway: Peer;
  /** A private gateway that is registered. */
  registered(name: string, validity?: Validity): Promise<Peer>;
}

/** What was accepted from nobody. */
const nothingAccepted: AcceptedParcels = { async *list() {} };

/** Opens a gateway for couriers, in memory except for what is given. */
export async function openCogrpc(options: CogrpcOptions = {}): Promise<OpenedCogrpc> {
  const clock = options.clock ?? systemClock;
  const log = options.log ?? silentLog;
  const key = options.identity ?? identityCalled('this gateway');
  const vault = new MemoryVault(key);
  const objects = options.objects ?? new InMemoryObjectStore();
  const records = options.records ?? new InMemoryRecordStore({ clock });
  const signals = new InProcessSignals({ log });
  const identity = await Identity.open({ vault, records, clock, log });
  const metrics = options.metrics ?? noMetrics;
  const budgetOctets = options.budgetOctets ?? 64 * MIB;
  const parts = {
    objects,
    records,
    queue: options.queue ?? new InMemoryWorkQueue({ clock }),
    clock,
    ...(options.plausibility && { plausibility: options.plausibility }),
    log,
    metrics,
    clientNetworks: new ClientNetworks(),
    identity,
    verifier: new MessageVerifier(),
    quotas: counted(clock, options.quotas).quotas,
    heldShares: heldShares({ objects, clock, metrics }, options.held),
    policy: options.policy ?? nobodyBlocked(clock),
    mailbox: new Mailbox({ objects, signals, clock }),
    sessionKeys: new SessionKeys({ vault, records, clock }),
    peerSessionKeys: new PeerSessionKeys({ records, clock }),
    renewalNotes: new RenewalNotes({ records, clock, log }),
    acceptedParcels: options.acceptedParcels ?? nothingAccepted,
    deliveryBudget: deliveryBudget(budgetOctets),
    collectionBudget: new Budget(budgetOctets),
  };
  const server = new CogrpcServer(parts, {
    ...COGRPC_LIMITS,
    ...DEFAULTS,
    ...options.limits,
  });
  const port = await server.listen({ host: '127.0.0.1', port: 0 });
  const gateway = await asPeer(identity, key);
  return {
    ...parts,
    vault,
    server,
    port,
    gateway,
    registered: (name, validity) => privateGateway(name, gateway, validity ?? wholeLifeOf(gateway)),
    async [Symbol.asyncDispose]() {
      await server.drain(0);
      await parts.queue[Symbol.asyncDispose]();
      await signals[Symbol.asyncDispose]();
    },
  };
}

async function asPeer(identity: Identity, key: Key): Promise<Peer> {
  const certificate = await identity.currentCertificate();
  return { ...key, certificate, issuers: [] };
}

function wholeLifeOf({ certificate }: Peer): Validity {
  return { notBefore: certificate.notBefore, notAfter: certificate.notAfter };
}

/** Another Internet gateway, which is none of ours. */
export function foreignGateway(now: Date): Promise<Peer> {
  return internetGateway('another gateway', {
    notBefore: new Date(now.getTime() - 3_600_000),
    notAfter: new Date(now.getTime() + 30 * 86_400_000),
  });
}

/**
 * Puts parcels into a mailbox. Their octets are random: nobody looks into a
 * parcel on its way out.
 *
 * @returns their octets in base64, in no particular order
 */
export async function holdParcels(
  { mailbox, clock }: OpenedCogrpc,
  recipient: Peer,
  parcels: { readonly count: number; readonly octets: number; readonly ttlMs?: number },
): Promise<Set<string>> {
  const stored = new Set<string>();
  for (let index = 0; index < parcels.count; index++) {
    const octets = randomBytes(parcels.octets);
    const identity = {
      privateGateway: recipient.nodeId,
      recipient: `0${randomBytes(32).toString('hex')}`,
      sender: `0${randomBytes(32).toString('hex')}`,
      parcelId: randomUUID(),
    };
    const expiresAt = new Date(clock.now().getTime() + (parcels.ttlMs ?? 86_400_000));
    await mailbox.store(identity, octets, expiresAt);
    stored.add(octets.toString('base64'));
  }
  return stored;
}
