/** The opcodes of messages (RFC 6455, section 5.2). */
const OPCODES = { text: 1, binary: 2 } as const;

/** The header of a whole, masked frame of many octets, with a mask that changes nothing. */
export function frameHeader(kind: keyof typeof OPCODES, octets: number): Buffer {
  const header = Buffer.alloc(14);
  header.writeUInt8(0x80 + OPCODES[kind]);
  header.writeUInt8(0xff, 1);
  header.writeBigUInt64BE(BigInt(octets), 2);
  return header;
}
