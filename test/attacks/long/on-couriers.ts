import { serialisePca } from '#awala/cargo/pca.ts';
import { CargoPhone } from '#test/peers/cargo-phone.ts';
import { Courier } from '#test/peers/courier.ts';
import { Phone } from '#test/peers/phone.ts';
import { Attacker } from '../attacker.ts';
import { SilentCalls } from '../silent-calls.ts';
import { UnacknowledgedCalls } from '../unacknowledged-calls.ts';
import type { Begin, Target } from './attack.ts';

const MIB = 1_024 * 1_024;
const CARGOES = 10;

async function began(renew: () => Promise<unknown>) {
  await renew();
  return { renew };
}

const silentDeliveries: Begin = ({ ports: { cogrpc }, from, count }) => {
  const attacker = new Attacker(cogrpc, from);
  const calls = new SilentCalls(attacker, { calls: count, begun: Buffer.alloc(0) });
  return began(() => calls.renew());
};

const pingedConnections: Begin = ({ ports: { cogrpc }, from, count }) => {
  const attacker = new Attacker(cogrpc, from);
  return began(async () => {
    for (let missing = count - attacker.connections; missing > 0; missing--) {
      await attacker.connect();
    }
  });
};

/** Registers a phone with something to collect. */
async function phoneWithParcel({ ports }: Target, octets: number): Promise<CargoPhone> {
  const phone = await Phone.register(ports.poweb, 'attacker');
  await phone.deliver(await phone.parcel({ payload: Buffer.alloc(octets) }));
  return CargoPhone.of(phone);
}

async function ccasOf(phone: CargoPhone, count: number): Promise<readonly Buffer[]> {
  return Promise.all(Array.from({ length: count }, () => phone.cca()));
}

const unacknowledgedCollections: Begin = async (target) => {
  const ccas = await ccasOf(await phoneWithParcel(target, 1_000), target.count);
  const calls = new UnacknowledgedCalls(new Attacker(target.ports.cogrpc, target.from));
  return began(() => calls.show(ccas));
};

const deafCollections: Begin = async (target) => {
  const ccas = await ccasOf(await phoneWithParcel(target, 7 * MIB), target.count);
  const attacker = new Attacker(target.ports.cogrpc, target.from);
  const calls = new UnacknowledgedCalls(attacker, { isDeaf: true });
  return began(() => calls.show(ccas));
};

/** Cargoes, each full of acknowledgements of parcels that there are not. */
const floodOfAcknowledgements: Begin = async ({ ports, count }) => {
  const phone = await CargoPhone.of(await Phone.register(ports.poweb, 'attacker'));
  const ids = { senderId: '0'.repeat(65), recipientId: '1'.repeat(65) };
  const acknowledgements = Array.from({ length: count }, (_, index) =>
    serialisePca({ ...ids, parcelId: `${index}` }),
  );
  const cargoes = Array.from({ length: CARGOES }, () => phone.cargo(acknowledgements));
  using courier = new Courier(ports.cogrpc);
  await courier.deliverAll(await Promise.all(cargoes));
  return { renew: async () => {} };
};

/** Attacks on the port of couriers, by name. */
export const ON_COURIERS = {
  silentDeliveries,
  pingedConnections,
  unacknowledgedCollections,
  deafCollections,
  floodOfAcknowledgements,
} as const satisfies Readonly<Record<string, Begin>>;
