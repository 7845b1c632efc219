/** How long resolvers may remember the records that we advise. */
const TTL_S = 3_600;

/** A record, with its value as a zone file has it. */
interface ZoneRecord {
  /** Without the dot at the end. */
  readonly name: string;
  readonly type: 'A' | 'AAAA' | 'SRV' | 'CAA';
  readonly value: string;
}

/**
 * A record as a line of a zone file, for operators to add.
 *
 * @param widths - of the columns, in lines below each other
 */
export function zoneLine(
  { name, type, value }: ZoneRecord,
  widths: { readonly name: number; readonly type: number } = { name: 0, type: 0 },
): string {
  return `${`${name}.`.padEnd(widths.name)} ${TTL_S} IN ${type.padEnd(widths.type)} ${value}`;
}

/** An SRV record's value; priority and weight mean nothing to clients. */
export function srvValue(port: number, target: string): string {
  return `0 0 ${port} ${target.replace(/\.$/, '').toLowerCase()}.`;
}
