import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract, type Pack, pack } from 'tar-stream';
import { canonicalInternetAddress } from '#awala/internet-address.ts';
import { parseObject } from '../running/operations-client.ts';
import { ArchiveBound } from './archive-bound.ts';
import { BackupError } from './backup-error.ts';
import type { SnapshotFile } from './snapshot.ts';

const FORMAT = 'awala-gateway-backup/1';
const MANIFEST_FILE = 'manifest.json';
const MAX_MANIFEST_OCTETS = 65_536;

/** What a backup says of itself. */
export interface Manifest {
  /** Everything accepted before this is in it. */
  readonly at: Date;
  readonly internetAddress: string;
  /** What its files take. */
  readonly octets: number;
}

/** A file as it comes out of a backup. */
export interface ArchivedFile {
  readonly path: string;
  readonly octets: Readable;
}

/** Packs files into a tar archive, the manifest first, in bounded memory. */
export async function* packArchive(
  manifest: Manifest,
  files: AsyncIterable<SnapshotFile>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const archive = pack();
  // Whoever reads it hears of its errors; if nobody reads on, nobody is to.
  archive.on('error', () => {});
  addAll(archive, manifest, files).catch((error: Error) => archive.destroy(error));
  yield* archive as AsyncIterable<Uint8Array>;
}

async function addAll(
  archive: Pack,
  { at, internetAddress, octets }: Manifest,
  files: AsyncIterable<SnapshotFile>,
): Promise<void> {
  const content = { format: FORMAT, at: at.toISOString(), internetAddress, octets };
  const manifest = Buffer.from(`${JSON.stringify(content, null, 2)}\n`);
  await add(archive, MANIFEST_FILE, { sizeOctets: manifest.length, octets: [manifest], at });
  for await (const { path, source, sizeOctets } of files) {
    const octets = typeof source === 'string' ? createReadStream(source) : [source];
    await add(archive, path, { sizeOctets, octets, at });
  }
  archive.finalize();
}

async function add(
  archive: Pack,
  name: string,
  file: {
    readonly sizeOctets: number;
    readonly octets: Iterable<Buffer> | AsyncIterable<Buffer>;
    readonly at: Date;
  },
): Promise<void> {
  const header = { name, size: file.sizeOctets, mode: 0o600, mtime: file.at };
  const added = Promise.withResolvers<void>();
  const entry = archive.entry(header, (error) => (error ? added.reject(error) : added.resolve()));
  await Promise.all([pipeline(file.octets, entry), added.promise]);
}

/**
 * Reads a tar archive: the manifest, then each file, which must be read before the next.
 *
 * @param onManifest - called before the first file
 * @returns the manifest
 * @throws {BackupError} if it is no backup, of a newer version, or larger than its manifest says
 */
export async function unpackArchive(
  archive: AsyncIterable<Uint8Array>,
  {
    onManifest,
    onFile,
  }: {
    readonly onManifest: (manifest: Manifest) => Promise<void>;
    readonly onFile: (file: ArchivedFile, manifest: Manifest) => Promise<void>;
  },
): Promise<Manifest> {
  const bound = new ArchiveBound();
  const entries = extract();
  const reading = pipeline(Readable.from(bound.through(archive)), entries);
  reading.catch(() => {});
  let manifest: Manifest | null = null;
  for await (const entry of entries) {
    const { name: path, size = 0, type } = entry.header;
    if (manifest === null) {
      manifest = await manifestIn(path, entry as AsyncIterable<Buffer>);
      await onManifest(manifest);
      bound.widen(manifest.octets);
    } else {
      if (type !== 'file') {
        throw new BackupError(`the backup has what no backup has: a ${type}`);
      }
      bound.countFile(size);
      await onFile({ path, octets: Readable.from(entry) }, manifest);
    }
  }
  await reading;
  if (manifest === null) {
    throw new BackupError('the backup is empty');
  }
  return manifest;
}

async function manifestIn(name: string, entry: AsyncIterable<Buffer>): Promise<Manifest> {
  const parts: Buffer[] = [];
  let octets = 0;
  for await (const part of entry) {
    octets += part.length;
    if (name !== MANIFEST_FILE || octets > MAX_MANIFEST_OCTETS) {
      throw new BackupError('it is no backup of a gateway: it does not begin with a manifest');
    }
    parts.push(part);
  }
  return parseManifest(Buffer.concat(parts).toString());
}

/** Whoever has the public key can make a backup: everything in it is checked. */
function parseManifest(json: string): Manifest {
  const { format, at, internetAddress, octets } = parseObject(json);
  if (format !== FORMAT) {
    throw new BackupError(`its format is “${format}”, and this version reads ${FORMAT}`);
  }
  const time = new Date(String(at));
  const address = canonicalInternetAddress(String(internetAddress));
  if (Number.isNaN(time.getTime()) || address === null || !isSize(octets)) {
    throw new BackupError('its manifest is malformed');
  }
  return { at: time, internetAddress: address, octets };
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
