import { statfs } from 'node:fs/promises';
import { RESERVE_OCTETS } from '#sqlite/disk-room.ts';
import { octetsInWords } from '../octets-in-words.ts';
import { diagnose } from './diagnosis.ts';
import { type Advice, type Finding, ill, note, tried, well } from './finding.ts';

const MIB = 1_024 * 1_024;
const SUBJECT = 'disk';
/** Below this, an operator should know. */
const SCARCE_OCTETS = 1_024 * MIB;
const LEAST_INODES = 1_000;
const SCARCE_INODES = 10_000;

const ADVICE: Advice = {
  why: 'Nobody knows whether parcels can be stored.',
  other: 'Do what it says of the folder, or set DATA_DIR to the right one.',
};

/** Whether the disk of the data folder has room, for octets and for files. */
export async function diskFindings(folder: string): Promise<readonly Finding[]> {
  try {
    const { bavail, bsize, files, ffree } = await statfs(folder);
    return [roomFinding(bavail * bsize), ...inodeFindings(files, ffree)];
  } catch (error) {
    // That it is missing, the finding on the folder says.
    return diagnose(error).ailment === 'missing'
      ? []
      : [await tried(SUBJECT, () => Promise.reject(error), ADVICE)];
  }
}

function roomFinding(freeOctets: number): Finding {
  const says = `${octetsInWords(freeOctets)} are free`;
  if (freeOctets < RESERVE_OCTETS) {
    return ill(SUBJECT, `only ${says}, less than the reserve of ${octetsInWords(RESERVE_OCTETS)}`, {
      why: 'Parcels are refused (507) until there is room; what is stored is still delivered and deleted.',
      remedy:
        'Delete what other programs left on this disk, or make it larger. Nothing in DATA_DIR may be deleted by hand but gateway.db.reserve.',
    });
  }
  return freeOctets < SCARCE_OCTETS
    ? note(
        SUBJECT,
        `only ${says}`,
        `Make room in time: below ${octetsInWords(RESERVE_OCTETS)}, parcels are refused.`,
      )
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
