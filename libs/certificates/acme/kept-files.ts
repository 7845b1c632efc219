import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceDurably } from '#backing/durable-files.ts';
import { OddFileError, readOrdinary } from '#backing/ordinary-files.ts';
import { ownFolder } from '#backing/owner-only.ts';
import { codeOf } from '#backing/system-errors.ts';
import { LARGEST_PEM_OCTETS } from '../read-certificate.ts';
import type { NotedOrder } from './order-notes.ts';

/** What was kept of a certificate. */
interface KeptCertificate {
  readonly chain: string;
  readonly key: string;
  /** The URL of the directory that it was ordered by. */
  readonly directory: string;
}

/** How orders went lately, so that a process that starts again and again does not ask each time. */
interface KeptAttempts {
  readonly failures: number;
  readonly reason: string;
  readonly detail: string;
  readonly nextAt: Date;
  /** The URL of the directory that was asked; null if an earlier release noted it. */
  readonly directory: string | null;
}

const KEY = /-----BEGIN (?:[A-Z ]+ )?PRIVATE KEY-----[^-]+-----END (?:[A-Z ]+ )?PRIVATE KEY-----\n/;

/**
 * The folder with the account's key, certificates and their keys, for the gateway's user alone. A
 * file is the old one or the new one, whenever the machine stops; key and chain are in one file, so
 * that they always belong together.
 */
export class KeptFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async prepare(): Promise<void> {
    await ownFolder(this.#folder);
  }

  /** As PEM; null if there is none. */
  accountKey(): Promise<string | null> {
    return this.#read('account.pem');
  }

  keepAccountKey(pem: string): Promise<void> {
    return this.#replace('account.pem', pem);
  }

  /** @param name - a domain name in canonical form, which is safe in a path */
  async certificate(name: string): Promise<KeptCertificate | null> {
    const text = await this.#read(`${name}.pem`);
    const [, directory = ''] = /^Ordered from (\S+)$/m.exec(text ?? '') ?? [];
    const [key = ''] = KEY.exec(text ?? '') ?? [];
    return text === null
      ? null
      : { directory, key, chain: text.slice(text.indexOf(key) + key.length) };
  }

  keepCertificate(name: string, { directory, key, chain }: KeptCertificate): Promise<void> {
    return this.#replace(`${name}.pem`, `Ordered from ${directory}\n${key.trim()}\n${chain}`);
  }

  /** Null if there are none, or none that can be read. */
  async attempts(): Promise<KeptAttempts | null> {
    return attemptsIn((await this.#read('attempts.json')) ?? '');
  }

  keepAttempts(attempts: KeptAttempts): Promise<void> {
    return this.#replace('attempts.json', `${JSON.stringify(attempts, null, 2)}\n`);
  }

  async forgetAttempts(): Promise<void> {
    await rm(join(this.#folder, 'attempts.json'), { force: true });
  }

  /** In order of time; those that can be read. */
  async orders(): Promise<readonly NotedOrder[]> {
    return ordersIn((await this.#read('orders.json')) ?? '');
  }

  keepOrders(orders: readonly NotedOrder[]): Promise<void> {
    return this.#replace('orders.json', `${JSON.stringify(orders, null, 2)}\n`);
  }

  /** Empty where something else than a small file is. */
  async #read(name: string): Promise<string | null> {
    const path = join(this.#folder, name);
    try {
      return String((await readOrdinary(path, LARGEST_PEM_OCTETS)) ?? '');
    } catch (error) {
      if (error instanceof OddFileError) {
        return '';
      }
      if (codeOf(error) === 'ENOENT') {
        return null;
      }
      throw error;
    }
  }

  #replace(name: string, content: string): Promise<void> {
    return replaceDurably(join(this.#folder, name), content);
  }
}

/** @returns null unless everything is there */
function attemptsIn(json: string): KeptAttempts | null {
  const { directory, failures, reason, detail, nextAt } = fieldsOf<KeptAttempts>(parsed(json));
  const next = new Date(String(nextAt));
  const isComplete =
    Number.isSafeInteger(failures) && typeof reason === 'string' && typeof detail === 'string';
  return isComplete && !Number.isNaN(next.getTime())
    ? {
        failures: Number(failures),
        reason,
        detail,
        nextAt: next,
        directory: typeof directory === 'string' ? directory : null,
      }
    : null;
}

function ordersIn(json: string): readonly NotedOrder[] {
  const orders = parsed(json);
  return (Array.isArray(orders) ? orders : [])
    .map(fieldsOf<NotedOrder>)
    .map(({ at, name, directory, mayBeIssued }) => ({
      at: new Date(String(at)),
      name: String(name),
      directory: String(directory),
      mayBeIssued: mayBeIssued !== false,
    }))
    .filter(({ at }) => !Number.isNaN(at.getTime()))
    .sort((one, other) => one.at.getTime() - other.at.getTime());
}

function fieldsOf<Fields>(value: unknown): Partial<Record<keyof Fields, unknown>> {
  return Object(value);
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}
