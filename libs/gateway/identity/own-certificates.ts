import type { NodeId } from '#awala/node-id.ts';
import { Certificate } from '#awala/x509/certificate.ts';
import type { Log } from '#log/log.ts';
import { type RecordStore, recordKind } from '#record-store/port.ts';
import { RECORD_KIND } from '../held/record-kinds.ts';

const OWN_CERTIFICATE = recordKind<{ der: Uint8Array }>(RECORD_KIND.ownCertificate);

interface OwnCertificatesParts {
  readonly records: RecordStore;
  readonly log: Log;
  /** Of this gateway. */
  readonly nodeId: NodeId;
}

/** The certificates that this gateway issued to itself, as all of its processes store them; each expires with its record. */
export class OwnCertificates {
  readonly #parts: OwnCertificatesParts;
  #known: readonly Certificate[] = [];
  /** Ids of all records, those included that hold no certificate. */
  #recordIds: ReadonlySet<string> = new Set();

  constructor(parts: OwnCertificatesParts) {
    this.#parts = parts;
  }

  /** Those read last, the one that expires last first, whether valid or not. */
  get known(): readonly Certificate[] {
    return this.#known;
  }

  /** @throws {BackingUnavailableError} */
  async load(): Promise<void> {
    const { records, nodeId } = this.#parts;
    const certificates: Certificate[] = [];
    const recordIds = new Set<string>();
    for await (const { id, fields } of records.list(OWN_CERTIFICATE, `${nodeId}/`)) {
      recordIds.add(id);
      const certificate = this.#parse(id, fields.der);
      if (certificate) {
        certificates.push(certificate);
      }
    }
    certificates.sort((a, b) => b.notAfter.getTime() - a.notAfter.getTime());
    this.#known = certificates;
    this.#recordIds = recordIds;
  }

  /**
   * Stores another one. Of several processes that do so, having read the same, one does.
   *
   * @returns whether it was this one
   * @throws {BackingUnavailableError}
   */
  create({ der, notAfter }: Certificate): Promise<boolean> {
    const id = this.#nextRecordId();
    return this.#parts.records.create(OWN_CERTIFICATE, id, { der }, { expiresAt: notAfter });
  }

  /**
   * A record that is known is in nobody's way: it may be damaged, or the one that ends last may have been
   * issued by a clock that was ahead, so that others follow which end before it.
   */
  #nextRecordId(): string {
    const latestEndMs = Math.max(0, ...this.#known.map(({ notAfter }) => notAfter.getTime()));
    const id = `${this.#parts.nodeId}/after-${String(latestEndMs).padStart(15, '0')}`;
    let free = id;
    for (let more = 1; this.#recordIds.has(free); more++) {
      free = `${id}-${more}`;
    }
    return free;
  }

  /** A damaged record must pass neither for a peer's fault nor for the loss of all the others. */
  #parse(recordId: string, der: Uint8Array): Certificate | null {
    try {
      return Certificate.parse(der);
    } catch (error) {
      this.#parts.log.error({ error, recordId }, 'A certificate of this gateway is damaged');
      return null;
    }
  }
}
