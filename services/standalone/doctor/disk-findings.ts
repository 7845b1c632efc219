import { statfs } from 'node:fs/promises';
import { MAX_MESSAGE_OCTETS } from '#awala/limits.ts';
import type { Clock } from '#clock/clock.ts';
import { RESERVE_OCTETS } from '#sqlite/disk-room.ts';
import { roomLeft } from '../look/room-left.ts';
import { octetsInWords } from '../octets-in-words.ts';
import { diagnose } from './diagnosis.ts';
import { type Advice, type Finding, ill, note, tried, well } from './finding.ts';

const MIB = 1_024 * 1_024;
const SUBJECT = 'disk';
/** For free pages of the database, which may be slow to answer. */
const DEADLINE_MS = 10_000;
/** Below this, an operator should know. */
export const SCARCE_OCTETS = 1_024 * MIB;
const LEAST_INODES = 1_000;
const SCARCE_INODES = 10_000;

const ADVICE: Advice = {
  why: 'Nobody knows whether parcels can be stored.',
  other: 'Do what it says of the folder, or set DATA_DIR to the right one.',
};

/** Whether the disk of the data folder has room, for octets and for files. */
export async function diskFindings(folder: string, clock: Clock): Promise<readonly Finding[]> {
  try {
    const { files, ffree } = await statfs(folder);
    const left = await roomLeft(folder, { clock, deadlineMs: DEADLINE_MS });
    return [roomFinding(left), ...inodeFindings(files, ffree)];
  } catch (error) {
    // That it is missing, the finding on the folder says.
    return diagnose(error).ailment === 'missing'
      ? []
      : [await tried(SUBJECT, () => Promise.reject(error), ADVICE)];
  }
}

function roomFinding(left: number): Finding {
  const says = `${octetsInWords(left)} until parcels are refused`;
  if (left < MAX_MESSAGE_OCTETS) {
    return ill(SUBJECT, `only ${says}, beside the reserve of ${octetsInWords(RESERVE_OCTETS)}`, {
      why: 'What does not fit is refused (507) until there is room; what is stored is still delivered and deleted.',
      remedy:
        'Delete what other programs left on this disk, or make it larger. Nothing in DATA_DIR may be deleted by hand but gateway.db.reserve.',
    });
  }
  return left < SCARCE_OCTETS
    ? note(SUBJECT, `only ${says}`, 'Make room in time.')
    : well(SUBJECT, says);
}

/** Some file systems make inodes as they need them, and say that they have none. */
function inodeFindings(inodes: number, free: number): readonly Finding[] {
  if (inodes === 0 || free >= SCARCE_INODES) {
    return [];
  }
  const says = `only ${free} more files can be created`;
  const remedy = 'Delete files that other programs left: df -i and du --inodes show where.';
  return [
    free < LEAST_INODES
      ? ill('inodes', says, { why: 'Large parcels, each a file, are refused soon.', remedy })
      : note('inodes', says, remedy),
  ];
}
