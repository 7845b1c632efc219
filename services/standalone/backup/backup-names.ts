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

/** What a backup is called before it is complete. */
export const UNFINISHED = '.partial';

/** @returns what backups of one gateway left that were cut short */
export function unfinishedOf(internetAddress: string, names: readonly string[]): readonly string[] {
  return names.filter(
    (name) =>
      name.endsWith(UNFINISHED) && addressIn(name.slice(0, -UNFINISHED.length)) === internetAddress,
  );
}

/** @returns the gateways that have backups among these names */
export function addressesIn(names: readonly string[]): readonly string[] {
  return [...new Set(names.map(addressIn).filter((address) => address !== null))];
}

function addressIn(name: string): string | null {
  return NAME.exec(name)?.groups?.address ?? null;
}
