/** Ports of a gateway on this machine. */
export interface Ports {
  readonly poweb: number;
  readonly collection: number;
  readonly pohttp: number;
  readonly cogrpc: number;
  readonly operations: number;
}

/** Whom an attack is on, from where, and how large it is; travels as JSON. */
export interface Target {
  readonly ports: Ports;
  /** The address that attackers connect from. */
  readonly from: string;
  /** How many connections, calls or parcels, as the attack has it. */
  readonly count: number;
}

/** An attack that has begun. */
export interface Attack {
  /** Does again what the gateway ended; called every second until the process of the attack ends. */
  renew(): Promise<unknown>;
}

/** Resolves once the attack has begun in full. */
export type Begin = (target: Target) => Promise<Attack>;
