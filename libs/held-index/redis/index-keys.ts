import { type Part, partOf } from '../port.ts';

/** Names in Redis. All of a part share a slot of a cluster. */
export class IndexKeys {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** What is held in a mailbox. */
  mailbox(mailbox: string): string {
    return `${this.#tag(partOf(mailbox))}:${mailbox}`;
  }

  /** What there is besides mailboxes. */
  of(part: Part) {
    const tag = this.#tag(part);
    return {
      /** Stands while the part is complete; names the memory of its server. */
      mark: `${tag}/mark`,
      /** Another begins with each entry that may be missing; see `EPOCH`. */
      epoch: `${tag}/epoch`,
      lease: `${tag}/lease`,
      /** Stands until the next census is due. */
      counted: `${tag}/counted`,
      totals: `${tag}/totals`,
    };
  }

  /** Matches the mailboxes of a part. */
  pattern(part: Part): string {
    const literal = this.#tag(part).replaceAll(/[?*[\]\\]/g, String.raw`\$&`);
    return `${literal}:*`;
  }

  /** The mailbox of one of its keys. */
  mailboxOf(key: string, part: Part): string {
    return key.slice(this.#tag(part).length + 1);
  }

  #tag(part: Part): string {
    return `{${this.#prefix}:${part}}`;
  }
}
