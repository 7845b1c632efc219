import type { SetAsideJob } from '../port.ts';
import type { StoredJob } from './job-data.ts';

const PAGE = 100;

/** Reads a topic's set-aside jobs, oldest first, from one place to another, both included. */
interface SetAsideReader {
  readonly topic: string;
  readonly read: (start: number, end: number) => Promise<StoredJob[]>;
}

/** Yields the set-aside jobs of several topics, oldest first, reading each page by page. */
export async function* listInOrder(
  readers: readonly SetAsideReader[],
): AsyncGenerator<SetAsideJob> {
  const pages = readers.map((reader) => readPages(reader));
  const heads = await Promise.all(pages.map(async (page) => ({ page, next: await page.next() })));
  for (;;) {
    const oldest = heads
      .filter(({ next }) => !next.done)
      .reduce<(typeof heads)[number] | null>((one, other) => {
        return one && setAsideMs(one.next) <= setAsideMs(other.next) ? one : other;
      }, null);
    if (!oldest || oldest.next.done) {
      return;
    }
    yield oldest.next.value;
    oldest.next = await oldest.page.next();
  }
}

async function* readPages({ topic, read }: SetAsideReader): AsyncGenerator<SetAsideJob, undefined> {
  for (let start = 0; ; start += PAGE) {
    const jobs = await read(start, start + PAGE - 1);
    for (const { data, failedReason, finishedOn } of jobs) {
      yield {
        topic,
        key: data.key,
        attempts: data.failures,
        reason: data.reason ?? failedReason ?? '',
        setAsideAt: new Date(finishedOn ?? 0),
      };
    }
    if (jobs.length < PAGE) {
      return undefined;
    }
  }
}

function setAsideMs(next: IteratorResult<SetAsideJob, undefined>): number {
  return next.done ? Number.POSITIVE_INFINITY : next.value.setAsideAt.getTime();
}
