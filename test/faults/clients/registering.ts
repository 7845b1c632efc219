import { serialiseRegistrationRequest } from '#awala/registration/request.ts';
import { identity, preRegistrationBody } from '#test/builders/peers.ts';
import type { Load } from './load.ts';
import { post } from './posting.ts';

const OK = 200;

/** Registers a phone again and again. */
export function keepRegistering(load: Load): void {
  const self = identity('newcomer');
  const ask = (path: string, type: string, body: Uint8Array | string) => {
    const headers = { 'content-type': type };
    return post(load, 'register', { port: load.port('poweb'), path, headers, body });
  };
  load.repeatSending(async () => {
    const body = preRegistrationBody(self);
    const granted = await ask('/v1/pre-registrations', 'text/plain', body);
    if (granted?.status !== OK) {
      return false;
    }
    const request = { publicKey: self.spki, authorization: granted.body };
    const registered = await ask(
      '/v1/nodes',
      'application/vnd.awala.node-registration.request',
      await serialiseRegistrationRequest(request, self.sign),
    );
    return registered?.status === OK;
  });
}
