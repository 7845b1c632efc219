/** The program of an attacker: begins an attack, says so, and goes on until its parent hangs up. */
import process from 'node:process';
import { serveVitals } from '#test/bench/servers/child-server.ts';
import type { AttackerSettings } from './attackers.ts';
import { ATTACKS } from './attacks.ts';

const RENEWS_MS = 1_000;

const { attack, target }: AttackerSettings = JSON.parse(process.argv[2] ?? '{}');
const begun = await ATTACKS[attack](target);
serveVitals<null>(null);
for (;;) {
  await new Promise((resolve) => setTimeout(resolve, RENEWS_MS));
  await begun.renew();
}
