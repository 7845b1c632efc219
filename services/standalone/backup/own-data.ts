import { packArchive } from './archive.ts';
import { BACKUP_WORK_FOLDER } from './data-files.ts';
import type { DataSide, Restored, Snapshot, Unpacking } from './data-side.ts';
import { noteLastBackup } from './last-backup.ts';
import { restoreBackup } from './restore.ts';
import { assertGateway, takeSnapshot } from './snapshot.ts';
import { watchRoom } from './watch-room.ts';
import { openWorkFolder } from './work-folder.ts';

/** The side of a data folder that this process may change. */
export class OwnData implements DataSide {
  readonly #folder: string;
  readonly #opened = new AsyncDisposableStack();

  constructor(dataFolder: string) {
    this.#folder = dataFolder;
  }

  async takeSnapshot(about: Parameters<DataSide['takeSnapshot']>[0]): Promise<Snapshot> {
    await assertGateway(this.#folder);
    const work = this.#opened.use(await openWorkFolder(this.#folder, BACKUP_WORK_FOLDER));
    const { octets, leftOut, files } = await takeSnapshot(this.#folder, work.path);
    const archive = packArchive({ ...about, octets }, files());
    return { octets, leftOut, archive: watchRoom(this.#folder, archive) };
  }

  noteBackup(made: Parameters<DataSide['noteBackup']>[0]): Promise<void> {
    return noteLastBackup(this.#folder, made);
  }

  restore(unpacking: Unpacking): Promise<Restored> {
    return restoreBackup(this.#folder, unpacking);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened.disposeAsync();
  }
}
