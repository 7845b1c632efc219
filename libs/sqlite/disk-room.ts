import { constants } from 'node:fs';
import { stat, statfs, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { openOrdinary } from '#backing/ordinary-files.ts';
import { unlessAbsent } from '#backing/system-errors.ts';
import type { Clock } from '#clock/clock.ts';

const MIB = 1_024 * 1_024;
/**
 * Octets kept free from additions. Half of it is a file, which nobody else can use up; the
 * database's log may take 24 MiB, and as much again while it is copied into the database.
 */
export const RESERVE_OCTETS = 64 * MIB;
const FILE_OCTETS = RESERVE_OCTETS / 2;
/**
 * The part of it open to moves within the store: one parcel from each of two cargoes, which are
 * deleted next.
 */
const FOR_MOVES_OCTETS = 16 * MIB;
/** Without this much room for its log, the database gets no additions. */
const LEAST_LOG_OCTETS = 16 * MIB;
/** Above this, the file system is asked once a second only. */
const PLENTY_OCTETS = 1_024 * MIB;
const PLENTY_FOR_MS = 1_000;
/** Between attempts to create the reserve file again. */
const RESTORING_INTERVAL_MS = 10_000;
/** For pages and bookkeeping, per addition. */
const OVERHEAD_OCTETS = 16 * 1_024;

/** Something to add to a database or to files beside it. */
export interface Addition {
  readonly octets: number;
  /** Whether it replaces something that is deleted next, and so may use part of the reserve. */
  readonly isMove?: boolean;
}

/** Room claimed for an addition, until that is made. */
export interface ClaimedRoom extends Disposable {
  /** Whether the disk is full and the room is in free pages of the database. */
  readonly isWithin: boolean;
}

interface MeasuredParts {
  /** The database file. */
  readonly path: string;
  /** Octets in free pages of the database. */
  readonly unusedOctets: () => Promise<number>;
}

interface DiskRoomParts extends MeasuredParts {
  readonly clock: Clock;
}

/**
 * Octets that may still be added to a database, or to files beside it, before that is refused;
 * whether or not a process has it open.
 */
export async function leftOctets(parts: MeasuredParts): Promise<number> {
  const { besideOctets, logOctets, forLogOctets, unusedOctets } = await measure(parts);
  const withinOctets = forLogOctets >= LEAST_LOG_OCTETS ? logOctets + unusedOctets : 0;
  return Math.max(0, besideOctets + withinOctets - RESERVE_OCTETS);
}

/**
 * The disk room of a database. It keeps a reserve, so that a full store can still delete, sweep and
 * start: even deletions need room, in the database's log.
 */
export class DiskRoom implements AsyncDisposable {
  readonly #parts: DiskRoomParts;
  readonly #file: string;
  /** Claimed, but perhaps not written yet. */
  #claimedOctets = 0;
  #plentyUntilMs = Number.NEGATIVE_INFINITY;
  #changing: Promise<unknown> = Promise.resolve();
  #releases = 0;
  #isClosed = false;
  #cancel = () => {};

  constructor(parts: DiskRoomParts) {
    this.#parts = parts;
    this.#file = reserveFile(parts.path);
  }

  /**
   * How often the reserve was released; a call that found the disk full before may succeed after.
   */
  get releases(): number {
    return this.#releases;
  }

  /**
   * Call it before opening the database, which needs room; throws if the disk cannot be examined.
   */
  async prepare(): Promise<void> {
    const freeOctets = await freeOctetsFor(this.#parts.path).catch(() => FILE_OCTETS);
    if (freeOctets < FILE_OCTETS) {
      await this.release();
    }
  }

  /** From now on, restores the reserve as soon as there is room. */
  keep(): void {
    void this.restore().finally(() => {
      if (!this.#isClosed) {
        const { clock } = this.#parts;
        this.#cancel = clock.schedule(RESTORING_INTERVAL_MS, () => this.keep());
      }
    });
  }

  /** @returns null if the addition must be refused */
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

  /** The same as {@link leftOctets}. */
  leftOctets(): Promise<number> {
    return leftOctets(this.#parts);
  }

  /**
   * Deletes the reserve file, so that its room is free.
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

  /** Creates the reserve file if it is missing and as much room again would remain. */
  restore(): Promise<void> {
    return this.#inTurn(async () => {
      const hasOctets = await octetsOf(this.#file);
      const missingOctets = FILE_OCTETS - hasOctets;
      if (
        missingOctets > 0 &&
        (await freeOctetsFor(this.#parts.path)) >= missingOctets + LEAST_LOG_OCTETS
      ) {
        await this.#fill(hasOctets);
      }
    }).catch(() => {
      // Retried soon; until then additions find less room.
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    await this.#changing;
  }

  async #look() {
    const { clock } = this.#parts;
    const room = await measure(this.#parts);
    if (room.freeOctets - this.#claimedOctets > PLENTY_OCTETS) {
      this.#plentyUntilMs = clock.elapsedMs() + PLENTY_FOR_MS;
    }
    return room;
  }

  /** In pieces, so that other files get their turn. Not synced: the content does not matter. */
  async #fill(fromOctets: number): Promise<void> {
    // Written out, as a hole takes no room; not zeroes, which some file systems store as holes.
    const piece = Buffer.allocUnsafe(MIB);
    crypto.getRandomValues(piece.subarray(0, 65_536));
    const { O_APPEND, O_CREAT, O_WRONLY } = constants;
    const file = await openOrdinary(this.#file, O_APPEND | O_CREAT | O_WRONLY, 0o600);
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

async function measure({ path, unusedOctets }: MeasuredParts) {
  const freeOctets = await freeOctetsFor(path);
  const logOctets = await octetsOf(`${path}-wal`);
  return {
    freeOctets,
    besideOctets: freeOctets + (await octetsOf(reserveFile(path))),
    logOctets,
    forLogOctets: freeOctets + logOctets,
    unusedOctets: await unusedOctets(),
  };
}

function reserveFile(path: string): string {
  return `${path}.reserve`;
}

async function freeOctetsFor(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(dirname(path));
  return bavail * bsize;
}

/** Octets that a file takes on disk; 0 if it does not exist. */
async function octetsOf(path: string): Promise<number> {
  const found = await stat(path).catch(unlessAbsent);
  return found ? Math.min(found.size, found.blocks * 512) : 0;
}
