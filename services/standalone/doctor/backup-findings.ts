import type { Clock } from '#clock/clock.ts';
import { lastBackupAt } from '../backup/last-backup.ts';
import { type Finding, note, well } from './finding.ts';

const SUBJECT = 'backup';
const DAY_MS = 86_400_000;
/** The package's timer makes one a day; one may fail. */
export const MOST_BACKUP_AGE_DAYS = 2;

/** Whether there is a backup, and how old it is. */
export async function backupFindings(folder: string, clock: Clock): Promise<readonly Finding[]> {
  const at = await lastBackupAt(folder);
  if (!at) {
    return [
      note(
        SUBJECT,
        'none is recorded',
        'Make one, and let a timer repeat it: awala-gateway help backup.',
      ),
    ];
  }
  const days = (clock.now().getTime() - at.getTime()) / DAY_MS;
  const says = `the last is of ${at.toISOString().slice(0, 16)}Z`;
  return [
    days <= MOST_BACKUP_AGE_DAYS
      ? well(SUBJECT, says)
      : note(
          SUBJECT,
          `${says}, ${Math.floor(days)} days ago`,
          'Look why the timer makes no more of them.',
        ),
  ];
}
