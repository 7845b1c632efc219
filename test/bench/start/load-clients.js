// The floor of starting a service: a Node that keeps what it compiled, as services do, and loads the
// libraries that nearly all of them have; it connects to nothing.
import process from 'node:process';
import { keepProgramCompiled } from '#runtime/program-cache.js';

keepProgramCompiled(process.env);
await Promise.all([
  import('@google-cloud/firestore'),
  import('@google-cloud/kms'),
  import('@google-cloud/storage'),
  import('fastify'),
  import('ioredis'),
  import('pino'),
  import('prom-client'),
]);
process.exit(0);
