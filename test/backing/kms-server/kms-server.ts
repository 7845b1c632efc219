import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceClientConstructor,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import { KmsFaults } from './faults.ts';
import { KeyRings, KmsRefusal } from './key-rings.ts';
import { type KmsMethod, type KmsRequest, kmsMethods } from './methods.ts';

const PROTOCOL = import.meta.resolve('@google-cloud/kms/build/protos/protos.json');

export interface KmsServer {
  /** `host:port`, speaking gRPC without TLS. */
  readonly address: string;
  readonly faults: KmsFaults;
  stop(): Promise<void>;
}

/**
 * Serves the part of the Cloud KMS API that the gateway uses, keys in memory, over gRPC on a loopback
 * port, as there is no public emulator. It checks and returns checksums like the real service.
 *
 * @param port - 0 for a free one; a server started again on the same port has none of the keys
 */
export async function startKmsServer(port = 0): Promise<KmsServer> {
  const faults = new KmsFaults();
  const server = new Server();
  const methods = kmsMethods(new KeyRings(), faults);
  server.addService(
    await kmsService(),
    Object.fromEntries(
      Object.entries(methods).map(([name, method]) => [name, handler(name, method, faults)]),
    ),
  );
  const bound = await new Promise<number>((resolve, reject) => {
    const credentials = ServerCredentials.createInsecure();
    server.bindAsync(`127.0.0.1:${port}`, credentials, (error, boundPort) =>
      error ? reject(error) : resolve(boundPort),
    );
  });
  return {
    address: `127.0.0.1:${bound}`,
    faults,
    async stop() {
      server.forceShutdown();
    },
  };
}

async function kmsService(): Promise<ServiceClientConstructor['service']> {
  const json = JSON.parse(await readFile(fileURLToPath(PROTOCOL), 'utf8'));
  const definition = fromJSON(json, { longs: String, enums: String, defaults: true, oneofs: true });
  const google = loadPackageDefinition(definition).google as unknown as {
    cloud: { kms: { v1: { KeyManagementService: ServiceClientConstructor } } };
  };
  return google.cloud.kms.v1.KeyManagementService.service;
}

function handler(name: string, method: KmsMethod, faults: KmsFaults) {
  return async (call: ServerUnaryCall<KmsRequest, object>, answer: sendUnaryData<object>) => {
    const failure = faults.next(name);
    await pause(faults.delayMs, undefined, { ref: false });
    if (failure !== undefined) {
      answer({ code: failure, details: `${name}: ${status[failure]} on demand` });
      return;
    }
    try {
      answer(null, method(call.request));
    } catch (error) {
      const code = error instanceof KmsRefusal ? error.code : status.INTERNAL;
      answer({ code, details: error instanceof Error ? error.message : String(error) });
    }
  };
}
