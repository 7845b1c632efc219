import protocol from '@google-cloud/firestore-api/build/protos/protos.json' with { type: 'json' };
import {
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceClientConstructor,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import { DocumentStore, FirestoreRefusal, type Write } from './documents.ts';
import { type QueryRequest, runQuery } from './query.ts';

export interface FirestoreServer {
  /** `host:port`, speaking gRPC without TLS. */
  readonly address: string;
  readonly faults: FirestoreFaults;
  stop(): Promise<void>;
}

/** Injects faults, and counts the calls of each method. */
class FirestoreFaults {
  readonly calls = new Map<string, number>();
  /** Methods to refuse with PERMISSION_DENIED. */
  readonly denied = new Set<string>();
  readonly #losing: string[] = [];

  /** Carries out the method's next call, but answers UNAVAILABLE. */
  loseNextAnswer(method: 'Commit'): void {
    this.#losing.push(method);
  }

  count(method: string): void {
    this.calls.set(method, (this.calls.get(method) ?? 0) + 1);
  }

  isLosing(method: string): boolean {
    const index = this.#losing.indexOf(method);
    return index >= 0 && this.#losing.splice(index, 1).length > 0;
  }
}

/**
 * Serves the part of the Firestore API that the gateway uses, documents in memory, over gRPC on a
 * loopback port: for machines with neither Docker nor the Google Cloud command line's emulator. Where
 * that is installed, the same tests run on both.
 *
 * @param port - 0 for a free one
 */
export async function startFirestoreServer(port = 0): Promise<FirestoreServer> {
  const server = new Server();
  const store = new DocumentStore();
  const faults = new FirestoreFaults();
  server.addService(firestoreService(), {
    BatchGetDocuments(call: ServerWritableStream<{ documents: readonly string[] }, object>) {
      faults.count('BatchGetDocuments');
      const readTime = store.now();
      for (const name of call.request.documents) {
        const found = store.get(name);
        call.write(found ? { found, readTime } : { missing: name, readTime });
      }
      call.end();
    },
    Commit: unary('Commit', faults, ({ writes }: { writes: readonly Write[] }) => {
      const { commitTime, updateTimes } = store.commit(writes);
      return { commitTime, writeResults: updateTimes.map((updateTime) => ({ updateTime })) };
    }),
    RunQuery(call: ServerWritableStream<QueryRequest, object>) {
      faults.count('RunQuery');
      try {
        const readTime = store.now();
        for (const document of runQuery(store, call.request)) {
          call.write({ document, readTime });
        }
        // As Firestore does, even if there is no document.
        call.write({ readTime });
        call.end();
      } catch (error) {
        call.emit('error', asFailure(error));
      }
    },
  });
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

function firestoreService(): ServiceClientConstructor['service'] {
  const definition = fromJSON(protocol, {
    longs: String,
    enums: String,
    defaults: true,
    oneofs: true,
  });
  const google = loadPackageDefinition(definition).google as unknown as {
    firestore: { v1: { Firestore: ServiceClientConstructor } };
  };
  return google.firestore.v1.Firestore.service;
}

function unary<Request>(
  name: string,
  faults: FirestoreFaults,
  method: (request: Request) => object,
) {
  return (call: ServerUnaryCall<Request, object>, answer: sendUnaryData<object>) => {
    faults.count(name);
    if (faults.denied.has(name)) {
      answer({ code: status.PERMISSION_DENIED, details: `${name} is denied on demand` });
      return;
    }
    try {
      const result = method(call.request);
      if (faults.isLosing(name)) {
        answer({ code: status.UNAVAILABLE, details: 'the answer was lost on demand' });
      } else {
        answer(null, result);
      }
    } catch (error) {
      answer(asFailure(error));
    }
  };
}

function asFailure(error: unknown): { code: status; details: string } {
  const code = error instanceof FirestoreRefusal ? error.code : status.INTERNAL;
  return { code, details: error instanceof Error ? error.message : String(error) };
}
