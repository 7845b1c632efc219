import { type DerPart, encodeDer, tagged } from '#awala/der/writer.ts';
import { indefinite } from '#test/builders/crafted-messages.ts';

/** An element of DER taken apart, so that it can be changed and put together again with the right lengths. */
export interface Element {
  tag: number;
  /** Null if the element is primitive. */
  readonly children: Element[] | null;
  readonly content: Uint8Array;
}

const CONSTRUCTED_BIT = 0x20;

/** @param octets - one DER element, known to be well-formed */
export function takeApart(octets: Uint8Array): Element {
  const [root] = takeAllApart(octets);
  if (!root) {
    throw new RangeError('Nothing to take apart');
  }
  return root;
}

export function putTogether(element: Element): Uint8Array {
  return encodeDer(partOf(element));
}

export function copyOf({ tag, children, content }: Element): Element {
  return { tag, content, children: children ? children.map(copyOf) : null };
}

/** The element and everything inside it. */
export function descendants(element: Element): Element[] {
  return [element, ...(element.children ?? []).flatMap(descendants)];
}

/**
 * A SignedData as the JVM peers encode it: with indefinite lengths down to the
 * certificates and the content, which are left as they are.
 */
export function withIndefiniteLengths(signedData: Uint8Array): Uint8Array {
  const contentInfo = takeApart(signedData);
  const untilSet = (element: Element, depth: number): DerPart => {
    const { tag, children } = element;
    const isFramed = children && tag !== 0x31 && depth < 6;
    return isFramed
      ? indefinite(tag, ...children.map((child) => untilSet(child, depth + 1)))
      : partOf(element);
  };
  return encodeDer(untilSet(contentInfo, 0));
}

function partOf({ tag, children, content }: Element): DerPart {
  return children ? tagged(tag, ...children.map(partOf)) : tagged(tag, content);
}

/** Definite lengths only. */
function takeAllApart(octets: Uint8Array): Element[] {
  const elements: Element[] = [];
  let offset = 0;
  while (offset < octets.length) {
    const tag = octets[offset] ?? 0;
    const { start, end } = contentBounds(octets, offset + 1);
    const content = octets.subarray(start, end);
    const children = tag & CONSTRUCTED_BIT ? takeAllApart(content) : null;
    elements.push({ tag, content, children });
    offset = end;
  }
  return elements;
}

function contentBounds(octets: Uint8Array, offset: number): { start: number; end: number } {
  const first = octets[offset] ?? 0;
  if (first < 0x80) {
    return { start: offset + 1, end: offset + 1 + first };
  }
  let length = 0;
  for (let index = 1; index <= (first & 0x7f); index++) {
    length = length * 256 + (octets[offset + index] ?? 0);
  }
  const start = offset + 1 + (first & 0x7f);
  return { start, end: start + length };
}
