import type { Left } from './open-mark.ts';

/** Why a database cannot be trusted, in sentences for the operator. */
export interface Damage {
  /** Without a full stop. */
  readonly fault: string;
  readonly remedy: string;
}

const SHOWN_CHARACTERS = 200;

/** @param how - what SQLite says of it */
export function malformed(path: string, how: string): Damage {
  const shown = how.replaceAll(/\s+/g, ' ').slice(0, SHOWN_CHARACTERS);
  return {
    fault: `${path} is damaged (${shown})`,
    remedy:
      'Restore a backup: awala-gateway restore. Without one, docs/operations/one-machine.md says how to save what can still be read. ' +
      'Check the disk (dmesg, smartctl), the usual cause.',
  };
}

/** Of a folder in which a backup has taken part of the data's place. */
export function halfRestored(folder: string): Damage {
  return {
    fault: `A restore into ${folder} was cut short`,
    remedy: 'Run it again: awala-gateway restore.',
  };
}

/** @returns null unless it may lack what was accepted */
export function incomplete(path: string, left: Left): Damage | null {
  switch (left) {
    case 'copied':
      return {
        fault: `${path} is a copy made while its gateway ran, or after that died: it may lack parcels that were accepted`,
        remedy:
          'Stop that gateway and copy the folder again, or restore a backup: awala-gateway restore. ' +
          'If no gateway ran while it was copied: awala-gateway adopt.',
      };
    case 'without-log':
      return {
        fault: `${path}-wal is missing, which holds what was accepted last: it was deleted, or not copied`,
        remedy:
          'Bring it back, or restore a backup: awala-gateway restore. To go on without it: awala-gateway adopt.',
      };
    default:
      return null;
  }
}
