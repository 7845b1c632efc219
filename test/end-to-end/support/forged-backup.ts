import { ReadableStream } from 'node:stream/web';
import { Encrypter } from 'age-encryption';
import { type Header, pack } from 'tar-stream';

/** A file of a backup; a header that says more than a name is for what no backup has. */
type ForgedFile = readonly [header: string | (Partial<Header> & { name: string }), Buffer];

/** A backup as anybody can make it who knows the public key: it says of itself what they like. */
export async function forgedBackup(
  recipient: string,
  manifest: object,
  files: readonly ForgedFile[] = [],
): Promise<Buffer> {
  const archive = pack();
  archive.entry({ name: 'manifest.json' }, JSON.stringify({ ...MANIFEST, ...manifest }));
  for (const [header, content] of files) {
    archive.entry(typeof header === 'string' ? { name: header } : header, content);
  }
  archive.finalize();
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  const sealed = await encrypter.encrypt(ReadableStream.from(archive as AsyncIterable<Uint8Array>));
  return Buffer.concat(await Array.fromAsync(sealed));
}

const MANIFEST = {
  format: 'awala-gateway-backup/1',
  at: '2036-01-01T00:00:00.000Z',
  internetAddress: 'gateway.localhost',
  octets: 1,
};
