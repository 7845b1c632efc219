import type { RegistrationMode } from '#gateway/identity/admission.ts';

/** What is held of one kind. */
export interface Held {
  readonly objects: number;
  readonly octets: number;
  /** ISO 8601; null if nothing is held. */
  readonly oldestAt: string | null;
}

/** What a gateway did within a time. */
export interface Counts {
  readonly accepted: number;
  readonly collected: number;
  readonly delivered: number;
  readonly refused: number;
  readonly registered: number;
}

/** The state of a gateway at a moment. Names no peer. Times are in ISO 8601. */
export interface GatewayStatus {
  readonly at: string;
  readonly internetAddress: string;
  /** Null while the gateway does not run; then nothing is known but what lies in its data folder. */
  readonly running: {
    readonly version: string;
    readonly upSeconds: number;
    /** Why it is not ready, by what fails; empty if it is ready. */
    readonly failing: Readonly<Record<string, string>>;
    readonly phonesConnected: number;
    /** Whether newcomers may register. */
    readonly registration: RegistrationMode;
    /** Within the last minute, or since the start. */
    readonly lastMinute: Counts;
  } | null;
  /** Within 30 days, to some 2 %. */
  readonly phonesSeen: number | null;
  /** Null where it is not known. On a cloud store, it is what the last census found. */
  readonly held: {
    readonly forPhones: Held;
    /** Null where it is not kept on this machine, and counting would cost. */
    readonly forInternet: Held | null;
    /** The same. */
    readonly cargo: Held | null;
  } | null;
  readonly jobs: {
    readonly waiting: number;
    /** How late the latest is; 0 if none is due. */
    readonly oldestDueSeconds: number;
    readonly setAside: number;
  } | null;
  /** What the disk takes before parcels are refused; null if nothing is kept on it. */
  readonly diskRoomOctets: number | null;
  readonly certificates: {
    /** When the gateway's own, under which it issues others, ends. */
    readonly gatewayUntil: string | null;
    /** When that of its public port ends; null without such a port. */
    readonly tlsUntil: string | null;
    /** Why there is none that lasts longer, and what to do; null if none is due. */
    readonly tlsFailure: string | null;
  };
  /** When the last good backup was made; null if none is recorded. */
  readonly lastBackupAt: string | null;
}
