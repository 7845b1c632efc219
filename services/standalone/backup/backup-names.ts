import { randomBytes } from 'node:crypto';

const SUFFIX = '.tar.age';
const NAME = /^(?<address>[a-z0-9.-]+)-(?<at>\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ)\.tar\.age$/;

/** The name of a backup, which sorts by its time. */
export function backupName(internetAddress: string, at: Date): string {
  const time = at
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(':', '-');
  return `${internetAddress}-${time}${SUFFIX}`;
}

/** @returns the backups of one gateway, the oldest first */
export function backupsOf(internetAddress: string, names: readonly string[]): readonly string[] {
  return names.filter((name) => addressIn(name) === internetAddress).toSorted();
}

/** What the name of a backup ends with before it is complete. */
export const UNFINISHED = '.partial';
const UNFINISHED_NAME = /^(?<name>.+\.age)(?:\.[0-9a-f]{16})?\.partial$/;

/** Longer than any backup takes, so that none is removed while it is made, whoever makes it. */
const MAX_UNFINISHED_AGE_MS = 2 * 86_400_000;

/**
 * @returns what a backup is called before it is complete: never the same twice, as two machines
 * may back up to one place under one address
 */
export function unfinishedName(name: string): string {
  return `${name}.${randomBytes(8).toString('hex')}${UNFINISHED}`;
}

/** @returns what backups of one gateway left that were cut short, and begun days ago */
export function abandonedOf(
  internetAddress: string,
  names: readonly string[],
  now: Date,
): readonly string[] {
  return names.filter((unfinished) => {
    const name = UNFINISHED_NAME.exec(unfinished)?.groups?.name ?? '';
    const begun = beginIn(name);
    return (
      addressIn(name) === internetAddress &&
      begun !== null &&
      now.getTime() - begun.getTime() > MAX_UNFINISHED_AGE_MS
    );
  });
}

/** @returns the gateways that have backups among these names */
export function addressesIn(names: readonly string[]): readonly string[] {
  return [...new Set(names.map(addressIn).filter((address) => address !== null))];
}

function addressIn(name: string): string | null {
  return NAME.exec(name)?.groups?.address ?? null;
}

function beginIn(name: string): Date | null {
  const at = NAME.exec(name)?.groups?.at ?? '';
  const time = new Date(at.replace(/T(\d\d)-(\d\d)-/, 'T$1:$2:'));
  return Number.isNaN(time.getTime()) ? null : time;
}
