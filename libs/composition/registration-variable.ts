import { choice } from '#runtime/configuration/variables.ts';

/** Who may register. */
export const registration = choice('REGISTRATION', ['open', 'invitation', 'closed'], {
  meaning:
    'whether new phones may register: all, those whom `awala-gateway peers invite` lets in, or none; registered ones may always renew. The same for poweb and cogrpc',
  default: 'open',
});
