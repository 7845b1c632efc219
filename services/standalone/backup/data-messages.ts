import type { User } from '../as-owner/other-owner.ts';
import type { DataSide, Restored, Unpacking } from './data-side.ts';

/** Beside the messages, archives go through this descriptor of the data folder's process. */
export const ARCHIVE_DESCRIPTOR = 4;

/** What the data folder's process is told. Dates travel as they are (structured clone). */
export type Order =
  | { readonly kind: 'folder'; readonly path: string; readonly user: User | null }
  | { readonly kind: 'snapshot'; readonly about: Parameters<DataSide['takeSnapshot']>[0] }
  | { readonly kind: 'note'; readonly made: Parameters<DataSide['noteBackup']>[0] }
  | {
      readonly kind: 'restore';
      readonly asked: Pick<Unpacking, 'replacesNewer' | 'now'>;
    }
  /** The archive that was sent is whole. */
  | { readonly kind: 'whole' };

/** What it answers: to each order but the last, one with that name or `failed`. */
export type Report =
  | { readonly kind: 'folder' }
  | { readonly kind: 'snapshot'; readonly octets: number }
  /** All of the snapshot's archive was sent. */
  | { readonly kind: 'packed' }
  | { readonly kind: 'note' }
  | { readonly kind: 'progress'; readonly octets: number; readonly ofOctets: number }
  | { readonly kind: 'restore'; readonly restored: Restored }
  | { readonly kind: 'failed'; readonly message: string };
