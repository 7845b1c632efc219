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

/**
 * The certificates that this gateway issued to itself, as stored by all its processes; each expires
 * with its record.
 */
export class OwnCertificates {
  readonly #parts: OwnCertificatesParts;
  #known: readonly Certificate[] = [];
  /** Ids of all records, even those that hold no certificate. */
  #recordIds: ReadonlySet<string> = new Set();

  constructor(parts: OwnCertificatesParts) {
    this.#parts = parts;
  }

  /** Those last read, the one that expires last first, valid or not. */
  get known(): readonly Certificate[] {
    return this.#known;
  }

  /**
   * Reads all records.
   *
   * @throws {BackingUnavailableError}
   */
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
   * Stores a certificate. Of several processes that have read the same records, one succeeds.
   *
   * @returns whether this one did
   * @throws {BackingUnavailableError}
   */
  create({ der, notAfter }: Certificate): Promise<boolean> {
    const id = this.#nextRecordId();
    return this.#parts.records.create(OWN_CERTIFICATE, id, { der }, { expiresAt: notAfter });
  }

  /**
   * Avoids the ids of all known records. They may be damaged, or the one that ends last may come
   * from a clock that was ahead, so that others end before it.
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

  /** A damaged record must neither look like a peer's fault nor hide the others. */
  #parse(recordId: string, der: Uint8Array): Certificate | null {
    try {
      return Certificate.parse(der);
    } catch (error) {
      this.#parts.log.error({ error, recordId }, 'A certificate of this gateway is damaged');
      return null;
    }
  }
}
