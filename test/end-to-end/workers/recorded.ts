import type { Log, LogFields } from '#log/log.ts';
import { type GatewayMetrics, noMetrics } from '#metrics/port.ts';

/** Counts by name and labels, such as `parcelRefused cargo malformed`. */
export class RecordedMetrics implements GatewayMetrics {
  readonly counts: Record<string, number> = {};
  readonly registered = noMetrics.registered;
  readonly postponedForClock = () => this.#count('postponedForClock');
  readonly collectionCallFailed = noMetrics.collectionCallFailed;
  readonly collectorConnected = noMetrics.collectorConnected;
  readonly phoneSeen = noMetrics.phoneSeen;
  readonly collectorDisconnected = noMetrics.collectorDisconnected;
  readonly cargoAccepted = () => this.#count('cargoAccepted');
  readonly cargoCollected = () => this.#count('cargoCollected');
  readonly oversizeCargoSent = () => this.#count('oversizeCargoSent');
  readonly parcelsLeftByCourier = (why: string, count: number) =>
    this.#count(`parcelsLeftByCourier ${why}`, count);
  readonly overShare = (what: string, who: string) => this.#count(`overShare ${what} ${who}`);
  readonly emptyCargo = () => this.#count('emptyCargo');
  /** Apart from the other counts, which tests compare whole. */
  readonly sessionMessages: Record<string, number> = {};
  readonly sessionMessage = (key: string, outcome: string) => {
    const name = `${key} ${outcome}`;
    this.sessionMessages[name] = (this.sessionMessages[name] ?? 0) + 1;
  };
  readonly cargoRefused = (reason: string) => this.#count(`cargoRefused ${reason}`);
  readonly parcelAccepted = (road: string, bound: string) =>
    this.#count(`parcelAccepted ${road} ${bound}`);
  readonly parcelRefused = (road: string, reason: string) =>
    this.#count(`parcelRefused ${road} ${reason}`);
  readonly parcelNotIndexed = () => this.#count('parcelNotIndexed');
  readonly parcelCollected = (by: string) => this.#count(`parcelCollected ${by}`);
  readonly parcelDelivered = (outcome: string) => this.#count(`parcelDelivered ${outcome}`);
  readonly expired = (what: string, count: number) => this.#count(`expired ${what}`, count);

  #count(name: string, by = 1): void {
    this.counts[name] = (this.counts[name] ?? 0) + by;
  }
}

export interface LogLine extends LogFields {
  readonly level: string;
  readonly message: string;
}

/** Keeps every line. */
export class RecordedLog implements Log {
  readonly lines: LogLine[];
  readonly #fields: LogFields;

  constructor(lines: LogLine[] = [], fields: LogFields = {}) {
    this.lines = lines;
    this.#fields = fields;
  }

  readonly debug = (fields: LogFields, message: string) => this.#add('debug', fields, message);
  readonly info = (fields: LogFields, message: string) => this.#add('info', fields, message);
  readonly warn = (fields: LogFields, message: string) => this.#add('warn', fields, message);
  readonly error = (fields: LogFields, message: string) => this.#add('error', fields, message);
  readonly wants = () => true;
  readonly with = (fields: LogFields): Log =>
    new RecordedLog(this.lines, { ...this.#fields, ...fields });

  #add(level: string, fields: LogFields, message: string): void {
    this.lines.push({ ...this.#fields, ...fields, level, message });
  }
}
