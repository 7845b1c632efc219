/** Memory that a piece of a message takes besides its octets. */
const PIECE_OVERHEAD_OCTETS = 256;
const SHORT_HEADER_OCTETS = 2;
const CONTROL_OPCODES_FROM = 8;

/**
 * Follows a WebSocket client's messages through the octets that the network brings, and keeps none:
 * `ws` reports a message only once it is complete. Leaves octets that are no WebSocket frame to
 * `ws`, which ends the connection.
 *
 * @see RFC 6455, section 5.2
 */
export class FrameMeter {
  readonly #header: number[] = [];
  #headerOctets = SHORT_HEADER_OCTETS;
  #missingOctets = 0;
  #isAmidMessage = false;
  #announcedOctets = 0;
  /** Of messages' frames. */
  #heldOctets = 0;
  /** Of a control frame that is arriving, perhaps in the middle of a message, or of its header. */
  #controlOctets = 0;
  #messages = 0;

  /** Whether a frame or a message is incomplete. */
  get isAmidMessage(): boolean {
    return this.#isAmidMessage || this.#header.length > 0;
  }

  /** Octets of the message that is arriving, as announced by its frames so far. */
  get announcedOctets(): number {
    return this.#announcedOctets;
  }

  /** Octets that `ws` holds of the message that is arriving. */
  get heldOctets(): number {
    return this.#heldOctets + this.#controlOctets;
  }

  /** Complete messages so far. */
  get messages(): number {
    return this.#messages;
  }

  take(chunk: Uint8Array): void {
    if (!this.isAmidMessage && isControlFrame(chunk)) {
      return;
    }
    for (let offset = 0; offset < chunk.length; ) {
      offset += this.#isHeaderComplete
        ? this.#takePayload(chunk.length - offset)
        : this.#takeHeader(chunk[offset] ?? 0);
    }
    if (this.#isAmidMessage) {
      this.#heldOctets += PIECE_OVERHEAD_OCTETS;
    } else if (this.#header.length > 0) {
      this.#controlOctets += PIECE_OVERHEAD_OCTETS;
    }
  }

  get #isHeaderComplete(): boolean {
    return this.#header.length === this.#headerOctets;
  }

  get #isControl(): boolean {
    return ((this.#header[0] ?? 0) & 0x0f) >= CONTROL_OPCODES_FROM;
  }

  #takeHeader(octet: number): number {
    this.#header.push(octet);
    if (this.#header.length === SHORT_HEADER_OCTETS) {
      const isMasked = (octet & 0x80) !== 0;
      this.#headerOctets += lengthOctetsOf(octet) + (isMasked ? 4 : 0);
    }
    if (this.#isHeaderComplete) {
      this.#missingOctets = payloadOctetsOf(this.#header);
      if (!this.#isControl) {
        this.#isAmidMessage = true;
        this.#announcedOctets += this.#missingOctets;
      }
      this.#endFrameIfAllCame();
    }
    return 1;
  }

  #takePayload(available: number): number {
    const taken = Math.min(available, this.#missingOctets);
    this.#missingOctets -= taken;
    if (this.#isControl) {
      this.#controlOctets += taken;
    } else {
      this.#heldOctets += taken;
    }
    this.#endFrameIfAllCame();
    return taken;
  }

  #endFrameIfAllCame(): void {
    if (this.#missingOctets > 0) {
      return;
    }
    this.#controlOctets = 0;
    const isLast = ((this.#header[0] ?? 0) & 0x80) !== 0;
    if (isLast && !this.#isControl) {
      this.#isAmidMessage = false;
      this.#announcedOctets = 0;
      this.#heldOctets = 0;
      this.#messages += 1;
    }
    this.#header.length = 0;
    this.#headerOctets = SHORT_HEADER_OCTETS;
  }
}

/** Whether it is just one frame such as a pong, which is most of what idle connections bring. */
function isControlFrame(chunk: Uint8Array): boolean {
  const second = chunk[1] ?? 0;
  const isControl =
    ((chunk[0] ?? 0) & 0x0f) >= CONTROL_OPCODES_FROM && lengthOctetsOf(second) === 0;
  const maskOctets = (second & 0x80) === 0 ? 0 : 4;
  return isControl && chunk.length === SHORT_HEADER_OCTETS + maskOctets + (second & 0x7f);
}

function lengthOctetsOf(second: number): number {
  const length = second & 0x7f;
  return length === 127 ? 8 : length === 126 ? 2 : 0;
}

function payloadOctetsOf(header: readonly number[]): number {
  const [, second = 0] = header;
  const lengthOctets = lengthOctetsOf(second);
  if (lengthOctets === 0) {
    return second & 0x7f;
  }
  const length = header.slice(SHORT_HEADER_OCTETS, SHORT_HEADER_OCTETS + lengthOctets);
  return length.reduce((value, octet) => value * 256 + octet, 0);
}
