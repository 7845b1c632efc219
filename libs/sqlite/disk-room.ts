import { open, stat, statfs, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '#clock/clock.ts';

const MIB = 1_024 * 1_024;
/**
 * Kept from those who bring something, in octets. Half of it is in a file, which nobody else can use up;
 * the log of the database may take 24 MiB, and as much again when it is copied into the database.
 */
export const RESERVE_OCTETS = 64 * MIB;
const FILE_OCTETS = RESERVE_OCTETS / 2;
/** Of it, what moves within the store may take: one parcel out of each of two cargoes, which go next. */
const FOR_MOVES_OCTETS = 16 * MIB;
/** Without so much room for its log, nothing is added to the database. */
const LEAST_LOG_OCTETS = 16 * MIB;
/** While there is more than this, the file system is asked once a second. */
const PLENTY_OCTETS = 1_024 * MIB;
const PLENTY_FOR_MS = 1_000;
/** Between attempts at making the file of the reserve again. */
const RESTORING_INTERVAL_MS = 10_000;
/** Of pages and bookkeeping for each thing that is added. */
const OVERHEAD_OCTETS = 16 * 1_024;

/** What is to be added to a database, or to the files beside it. */
export interface Addition {
  readonly octets: number;
  /** Whether it comes in place of something that is removed next, and may therefore use a part of the reserve. */
  readonly isMove?: boolean;
}

/** Room for an addition, until it is made. */
export interface ClaimedRoom extends Disposable {
  /** Whether the room is among the pages of the database that hold nothing: the disk has none. */
  readonly isWithin: boolean;
}

interface DiskRoomParts {
  /** Of the database. */
  readonly path: string;
  readonly clock: Clock;
  /** Octets of pages of the database that hold nothing. */
  readonly unusedOctets: () => Promise<number>;
}

/**
 * The room on the disk of a database: keeps a reserve, so that a full store can still be
 * emptied, swept and started. Deleting needs room, in the log of the database.
 */
export class DiskRoom implements AsyncDisposable {
  readonly #parts: DiskRoomParts;
  readonly #file: string;
  /** Claimed, and maybe not written yet. */
  #claimedOctets = 0;
  #plentyUntilMs = Number.NEGATIVE_INFINITY;
  #changing: Promise<unknown> = Promise.resolve();
  #releases = 0;
  #isClosed = false;
  #cancel = () => {};

  constructor(parts: DiskRoomParts) {
    this.#parts = parts;
    this.#file = `${parts.path}.reserve`;
  }

  /** How often the reserve was given back: what found the disk full before may find room since. */
  get releases(): number {
    return this.#releases;
  }

  /** To be called before the database is opened, which needs room, and tells what is wrong if the disk cannot be asked. */
  async prepare(): Promise<void> {
    const freeOctets = await this.#freeOctets().catch(() => FILE_OCTETS);
    if (freeOctets < FILE_OCTETS) {
      await this.release();
    }
  }

  /** Sees to it from now on that the reserve is there, as soon as there is room for it. */
  keep(): void {
    void this.restore().finally(() => {
      if (!this.#isClosed) {
        const { clock } = this.#parts;
        this.#cancel = clock.schedule(RESTORING_INTERVAL_MS, () => this.keep());
      }
    });
  }

  /** @returns null if the addition has to be refused */
  async claim({ octets, isMove = false }: Addition): Promise<ClaimedRoom | null> {
    const neededOctets = octets + OVERHEAD_OCTETS;
    this.#claimedOctets += neededOctets;
    let isOver = false;
    const claimed = (isWithin: boolean): ClaimedRoom => ({
      isWithin,
      [Symbol.dispose]: () => {
        this.#claimedOctets -= isOver ? 0 : neededOctets;
        isOver = true;
      },
    });
    if (this.#parts.clock.elapsedMs() < this.#plentyUntilMs) {
      return claimed(false);
    }
    try {
      const room = await this.#look();
      const keptOctets = RESERVE_OCTETS - (isMove ? FOR_MOVES_OCTETS : 0);
      const besideOctets = room.besideOctets - this.#claimedOctets;
      if (besideOctets >= keptOctets) {
        return claimed(false);
      }
      if (
        room.forLogOctets >= LEAST_LOG_OCTETS &&
        besideOctets + room.logOctets + room.unusedOctets >= keptOctets
      ) {
        return claimed(true);
      }
    } catch (error) {
      claimed(false)[Symbol.dispose]();
      throw error;
    }
    claimed(false)[Symbol.dispose]();
    return null;
  }

  /** What may still be added, in octets. */
  async leftOctets(): Promise<number> {
    const { besideOctets, logOctets, forLogOctets, unusedOctets } = await this.#look();
    const withinOctets = forLogOctets >= LEAST_LOG_OCTETS ? logOctets + unusedOctets : 0;
    return Math.max(0, besideOctets + withinOctets - RESERVE_OCTETS);
  }

  /**
   * Gives the file of the reserve back to the disk.
   *
   * @returns whether there was one
   */
  release(): Promise<boolean> {
    this.#plentyUntilMs = Number.NEGATIVE_INFINITY;
    return this.#inTurn(async () => {
      const hadOctets = await octetsOf(this.#file);
      await unlink(this.#file).catch(unlessAbsent);
      this.#releases += hadOctets > 0 ? 1 : 0;
      return hadOctets > 0;
    });
  }

  /** Makes the file of the reserve, if it is not there and leaves as much again. */
  restore(): Promise<void> {
    return this.#inTurn(async () => {
      const hasOctets = await octetsOf(this.#file);
      const missingOctets = FILE_OCTETS - hasOctets;
      if (missingOctets > 0 && (await this.#freeOctets()) >= missingOctets + LEAST_LOG_OCTETS) {
        await this.#fill(hasOctets);
      }
    }).catch(() => {
      // Tried again soon; meanwhile additions find less room.
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    await this.#changing;
  }

  async #look() {
    const { clock, path } = this.#parts;
    const freeOctets = await this.#freeOctets();
    if (freeOctets - this.#claimedOctets > PLENTY_OCTETS) {
      this.#plentyUntilMs = clock.elapsedMs() + PLENTY_FOR_MS;
    }
    const inFile = await octetsOf(this.#file);
    const logOctets = await octetsOf(`${path}-wal`);
    return {
      besideOctets: freeOctets + inFile,
      logOctets,
      forLogOctets: freeOctets + logOctets,
      unusedOctets: await this.#parts.unusedOctets(),
    };
  }

  async #freeOctets(): Promise<number> {
    const { bavail, bsize } = await statfs(dirname(this.#file));
    return bavail * bsize;
  }

  /** Some at a time, so that other files have their turn; not synced, as it holds nothing. */
  async #fill(fromOctets: number): Promise<void> {
    // Written, as a hole takes no room; not zeroes, which some file systems take for a hole.
    const piece = Buffer.allocUnsafe(MIB);
    crypto.getRandomValues(piece.subarray(0, 65_536));
    const file = await open(this.#file, 'a', 0o600);
    try {
      for (let octets = fromOctets; octets < FILE_OCTETS && !this.#isClosed; octets += MIB) {
        await file.write(piece, 0, Math.min(MIB, FILE_OCTETS - octets));
      }
    } finally {
      await file.close();
    }
  }

  #inTurn<Result>(change: () => Promise<Result>): Promise<Result> {
    const changing = this.#changing.then(change);
    this.#changing = changing.catch(() => {});
    return changing;
  }
}

/** Octets that a file takes on the disk; 0 if there is none. */
async function octetsOf(path: string): Promise<number> {
  const found = await stat(path).catch(unlessAbsent);
  return found ? Math.min(found.size, found.blocks * 512) : 0;
}

function unlessAbsent(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
    return null;
  }
  throw error;
}
