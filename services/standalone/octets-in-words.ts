const UNITS = ['KiB', 'MiB', 'GiB', 'TiB'] as const;

/** Such as `900 octets`, `64 MiB` or `1.5 GiB`. */
export function octetsInWords(octets: number): string {
  let value = octets;
  let unit = 'octets';
  for (const next of UNITS) {
    if (value < 1_024) {
      break;
    }
    value /= 1_024;
    unit = next;
  }
  return `${Number(value.toFixed(1))} ${unit}`;
}
