import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { ManualClock } from '#clock/manual-clock.ts';
import { COGRPC_LIMITS } from '#services/cogrpc/limits.ts';
import { openCogrpc } from '#test/cogrpc/opened-cogrpc.ts';
import { CargoPhone } from '#test/peers/cargo-phone.ts';
import { Courier } from '#test/peers/courier.ts';
import { Attacker, assertServed, NETWORKS } from './attacker.ts';

const CONNECTIONS = 40;

describe('Connections to CogRPC that answer pings, and do nothing else', () => {
  for (const [where, address] of NETWORKS) {
    it(`from ${where} keep no courier away`, async () => {
      const clock = new ManualClock();
      await using opened = await openCogrpc({ clock, limits: { maxConnections: CONNECTIONS } });
      const phone = await CargoPhone.register(opened);
      using attacker = new Attacker(opened.port, address);
      const connect = async () => {
        for (let index = attacker.connections; index < CONNECTIONS; index++) {
          await attacker.connect();
        }
        clock.advance(COGRPC_LIMITS.idleMs);
      };
      await connect();
      assert.equal(attacker.connections, CONNECTIONS);
      const request = async () => {
        using courier = new Courier(opened.port);
        return (await courier.deliverAll([await phone.cargo()])).end.code === status.OK;
      };
      await assertServed(20, request, connect);
    });
  }
});
