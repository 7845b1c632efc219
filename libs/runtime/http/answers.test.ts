import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import type { BackingCode } from '#backing/errors.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import type { LogFields } from '#log/log.ts';
import { connectTo, gatedRoute, openServer, urlOf } from '#test/runtime/opened-http-server.ts';
import { recordingLog } from '#test/runtime/recording-log.ts';
import { until } from '#test/runtime/until.ts';
import { HTTP_ANSWERS } from './answers.ts';
import type { HttpServer } from './http-server.ts';
import { requireMediaType } from './media-type.ts';

interface Setting {
  readonly server: HttpServer;
  readonly clock: ManualClock;
  /** A request to `/gated`, once its handler was called. */
  readonly hold: (octets?: number) => Promise<{ readonly answer: Promise<Response> }>;
}

/** Makes the server give the answer. @returns the status */
type Provocation = (setting: Setting) => Promise<number>;

const UNFINISHED = 'POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345';

const provocations: Readonly<Record<Exclude<keyof typeof HTTP_ANSWERS, BackingCode>, Provocation>> =
  {
    'not-found': async ({ server }) => (await fetch(urlOf(server, '/nothing'))).status,
    method: async ({ server }) => (await fetch(urlOf(server, '/hello'), { method: 'PUT' })).status,
    'media-type': async ({ server }) => post(server, '/typed', 1),
    'body-too-large': async ({ server }) => post(server, '/echo', 1_001),
    'body-paused': async ({ server, clock }) => {
      const socket = await connectTo(server);
      socket.write(UNFINISHED);
      await until(() => server.bodiesOctets === 5);
      clock.advance(server.limits.bodyPauseMs);
      const [answer] = await once(socket, 'data');
      socket.destroy();
      return Number(/^HTTP\/1\.1 (\d{3})/.exec(String(answer))?.[1]);
    },
    'bodies-full': async ({ server, hold }) => {
      await hold(900);
      return post(server, '/echo', 200);
    },
    'requests-full': async ({ server, hold }) => {
      await hold();
      await hold();
      return post(server, '/echo', 1);
    },
    'too-late': async ({ server, clock, hold }) => {
      const { answer } = await hold();
      clock.advance(server.limits.answerWithinMs);
      return (await answer).status;
    },
    stopping: async ({ server, hold }) => {
      await hold();
      void server.endRequests(60_000);
      return post(server, '/echo', 1);
    },
  };

async function post(server: HttpServer, path: string, octets: number): Promise<number> {
  const init = { method: 'POST', body: Buffer.alloc(octets) };
  return (await fetch(urlOf(server, path), init)).status;
}

describe('HTTP server: each error that has an answer', () => {
  for (const [code, provoke] of Object.entries(provocations)) {
    const { status } = HTTP_ANSWERS[code as keyof typeof provocations];
    it(`${code}: ${status}`, async () => {
      const logged: [string, LogFields][] = [];
      const clock = new ManualClock();
      const gate = gatedRoute();
      await using server = await openServer({
        clock,
        log: recordingLog(logged),
        limits: { maxRequests: 2, maxBodyOctets: 1_000, maxBodiesOctets: 1_000 },
        routes: (app) => {
          gate.routes(app);
          app.post('/typed', async (request) => requireMediaType(request, 'text/x-expected'));
        },
      });
      const hold = async (octets = 1) => {
        const held = server.requests;
        const body = Buffer.alloc(octets);
        const answer = fetch(urlOf(server, '/gated'), { method: 'POST', body });
        answer.catch(() => {});
        await until(() => server.requests > held);
        return { answer };
      };
      assert.equal(await provoke({ server, clock, hold }), status);
      await until(() => logged.some(([, fields]) => fields.reason === code));
      const line = logged.find(([, { reason }]) => reason === code);
      assert.equal(line?.[1].status, status);
      gate.open('done');
    });
  }
});
