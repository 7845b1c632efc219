import { AWALA_SERVICES, type ServiceName } from '../reach/awala-services.ts';
import type { Dns } from '../reach/find-service.ts';
import type { Resolvers } from '../reach/resolvers.ts';

const SERVICES = Object.keys(AWALA_SERVICES) as ServiceName[];

/** Asks for each name the resolver that its clients ask. */
export function dnsOfClients(resolvers: Pick<Resolvers, 'dnsFor'>): Dns {
  return {
    query(name, type) {
      const service = SERVICES.find((each) => name.startsWith(`${AWALA_SERVICES[each].labels}.`));
      return resolvers.dnsFor(service ?? 'phones').query(name, type);
    },
  };
}
