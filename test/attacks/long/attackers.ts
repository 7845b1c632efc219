import { ChildServer } from '#test/bench/servers/child-server.ts';
import type { Target } from './attack.ts';
import type { AttackName } from './attacks.ts';

const PROGRAM = new URL('./attacking.ts', import.meta.url).href;

/** What the process of an attacker is told. */
export interface AttackerSettings {
  readonly attack: AttackName;
  readonly target: Target;
}

/** Somebody who means harm, in processes of their own, which end when this is disposed of. */
export class Attackers implements AsyncDisposable {
  readonly #processes: readonly ChildServer<null>[];

  private constructor(processes: readonly ChildServer<null>[]) {
    this.#processes = processes;
  }

  /** Resolves once the attack has begun in full. @param processes - which share the count */
  static async begin(settings: AttackerSettings, processes = 1): Promise<Attackers> {
    const { attack, target } = settings;
    const count = Math.ceil(target.count / processes);
    const starting = Array.from({ length: processes }, () =>
      ChildServer.start<null>(PROGRAM, { attack, target: { ...target, count } }),
    );
    return new Attackers(await Promise.all(starting));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#processes.map((each) => each[Symbol.asyncDispose]()));
  }
}
