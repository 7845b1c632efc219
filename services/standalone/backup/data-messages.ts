import type { User } from '../as-owner/other-owner.ts';

/** Beside the messages, archives go through this descriptor of the data folder's process. */
export const ARCHIVE_DESCRIPTOR = 4;

/** What the data folder's process is told. Times are milliseconds since 1970, as messages are JSON. */
export type Order =
  | { readonly kind: 'folder'; readonly path: string; readonly user: User | null }
  | { readonly kind: 'snapshot'; readonly atMs: number; readonly internetAddress: string }
  | { readonly kind: 'note'; readonly atMs: number; readonly to: string }
  | { readonly kind: 'restore'; readonly replacesNewer: boolean; readonly nowMs: number }
  /** The archive that was sent is whole. */
  | { readonly kind: 'whole' };

/** What it answers: to each order but the last, one with that name or `failed`. */
export type Report =
  | { readonly kind: 'folder' }
  | { readonly kind: 'snapshot'; readonly octets: number; readonly leftOut: readonly string[] }
  /** All of the snapshot's archive was sent. */
  | { readonly kind: 'packed' }
  | { readonly kind: 'note' }
  | { readonly kind: 'progress'; readonly octets: number; readonly ofOctets: number }
  | {
      readonly kind: 'restore';
      readonly atMs: number;
      readonly internetAddress: string;
      readonly octets: number;
      readonly putAside: string | null;
    }
  | { readonly kind: 'failed'; readonly message: string };
