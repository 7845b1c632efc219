import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '#awala/errors.ts';
import type { Who } from '#bounds/fair-shares.ts';
import type { Clock } from '#clock/clock.ts';
import type { Log } from '#log/log.ts';
import type { AnsweredRequest } from '../metrics.ts';
import type { PassedSockets } from '../passed-sockets.ts';
import { AllowedMethods } from './allowed-methods.ts';
import { answeredInTime } from './answer-deadline.ts';
import { type Failure, logAnswer } from './answer-log.ts';
import { HTTP_ANSWERS, type HttpAnswers } from './answers.ts';
import { BodyReader } from './body-reader.ts';
import { ClientErrors } from './client-errors.ts';
import { ClientNetworks } from './client-networks.ts';
import { replyTo, sendError } from './error-replies.ts';
import { createFastifyApp } from './fastify-app.ts';
import { logOf } from './fastify-log.ts';
import { HttpConnections } from './http-connections.ts';
import { DEFAULT_HTTP_LIMITS, type HttpLimits } from './http-limits.ts';
import { lingerUnlessComplete } from './linger.ts';
import { RequestIds } from './request-ids.ts';
import { RequestLine } from './request-line.ts';
import { RequestsInFlight, requestsFull } from './requests-in-flight.ts';
import { ToldLater } from './told-later.ts';
import { UnfinishedHeads } from './unfinished-heads.ts';
import { whyUnserved } from './unserved.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The node that a request proved to come from; logged if the request fails. */
    peer: string | null;
  }
  interface FastifyContextConfig {
    /** What the route answers to errors; {@link HTTP_ANSWERS} by default. */
    readonly answers?: HttpAnswers;
    /**
     * How long the answer may take after the end of the body, in milliseconds; the server's limit
     * by default.
     */
    readonly answerWithinMs?: (headers: IncomingHttpHeaders) => number;
  }
}

/** How to set up a server. */
interface HttpServerOptions {
  /** A constant, such as `poweb`, for logs and metrics. */
  readonly name: string;
  readonly host: string;
  /** 0 lets the system choose one. */
  readonly port: number;
  /** A passed socket of the server's name replaces host and port. */
  readonly passed?: PassedSockets;
  readonly log: Log;
  readonly clock: Clock;
  /** Overrides of {@link DEFAULT_HTTP_LIMITS}. */
  readonly limits?: Partial<HttpLimits>;
  /** The level at which answers are logged; `info` by default. */
  readonly answerLevel?: 'info' | 'debug';
  /** How to name requests; by default, no proxy's id is used. */
  readonly requestIds?: RequestIds;
  /** By whom connections and requests are divided; by default, no proxy is trusted. */
  readonly clientNetworks?: ClientNetworks;
  /** Called whenever something gives way to others, as its network holds most of it. */
  readonly onOverShare?: (what: 'connections' | 'requests' | 'memory') => void;
  /** Called once a request is answered, or its client left. */
  readonly onAnswered?: (server: string, request: AnsweredRequest) => void;
}

/** @param accepted - to be called once, if the client is to stay */
type TakesUpgrade = (
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  accepted: () => void,
) => void;

/**
 * An HTTP server within our limits, to which services add routes.
 *
 * A body arrives as one `Buffer` whatever its content type, empty if there is none. Errors that
 * handlers throw are answered by their route's table.
 */
export class HttpServer implements AsyncDisposable {
  /** Add routes here, before {@link HttpServer.listen}. */
  readonly app: FastifyInstance;
  readonly limits: HttpLimits;
  readonly #options: HttpServerOptions;
  readonly #clientNetworks: ClientNetworks;
  readonly #bodies: BodyReader;
  readonly #clientErrors: ClientErrors;
  readonly #connections: HttpConnections;
  readonly #heads: UnfinishedHeads;
  readonly #line: RequestLine;
  readonly #toldLater: ToldLater;
  readonly #requests: RequestsInFlight;
  readonly #failures = new WeakMap<FastifyRequest, Failure>();
  readonly #methods = new AllowedMethods();
  #isClosing = false;
  /** For connections of a server that leaves requests to this one. */
  #touchHere = (_: Socket) => {};
  /** Which server gets a request that came by {@link HttpServer.take}, if another one. */
  #leftTo = (_target: string): HttpServer | null => null;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.limits = { ...DEFAULT_HTTP_LIMITS, ...options.limits };
    const { clock, clientNetworks = new ClientNetworks(), onOverShare = () => {} } = options;
    const givesWay = (what: Parameters<typeof onOverShare>[0]) => () => onOverShare(what);
    this.#bodies = new BodyReader(this.limits, clock, givesWay('memory'));
    this.#clientErrors = new ClientErrors({ clock, lingerMs: this.limits.lingerMs });
    this.#clientNetworks = clientNetworks;
    this.#requests = new RequestsInFlight(this.limits, clock, givesWay('requests'));
    this.#line = new RequestLine(this.limits, { clock, onGivenWay: givesWay('requests') });
    this.#toldLater = this.#createToldLater();
    this.app = this.#createApp();
    this.app.server.maxHeadersCount = this.limits.maxHeaders;
    this.#connections = new HttpConnections(this.app.server, clock, this.limits, {
      whoHas: (socket) => clientNetworks.pathOfConnection(socket),
      onGivenWay: givesWay('connections'),
      onClosed: (socket) => this.#heads.forget(socket),
    });
    this.app.server.off('request', this.app.routing);
    this.app.server.on('request', (request, response) => {
      const isTaken = this.#connections.wasTaken(request.socket);
      const other = isTaken ? this.#leftTo(request.url ?? '') : null;
      (other ?? this).#begin(request, response);
    });
    this.app.server.on('request', this.#clientErrors.began);
    this.#heads = new UnfinishedHeads(
      this.app.server,
      options.clock,
      this.limits.maxUnfinishedHeadOctets,
    );
    this.#addHooks();
    this.#addBodyReader();
  }

  /** Requests in flight now. */
  get requests(): number {
    return this.#requests.size;
  }

  /** Octets of all bodies held now. */
  get bodiesOctets(): number {
    return this.#bodies.heldOctets;
  }

  /** The port that it listens on. */
  get port(): number {
    const address: AddressInfo | string | null = this.app.server.address();
    if (typeof address !== 'object' || !address) {
      throw new Error(`${this.#options.name} does not listen on a TCP port`);
    }
    return address.port;
  }

  /**
   * @throws if the address is taken or is not this machine's, or the passed socket is not a TCP
   * socket
   */
  async listen(): Promise<void> {
    const { host, port, passed, name, log } = this.#options;
    const fd = passed?.get(name);
    const where = fd === undefined ? { host, port } : { host, fd };
    await this.app.listen({ ...where, listenTextResolver: () => '' });
    log.info({ server: name, ...where, port: this.port }, 'Listening');
  }

  /**
   * Serves a connection that another server accepted, after its TLS handshake if it has one, within
   * the same limits as the others. Call it after {@link listen}.
   */
  take(connection: Socket): void {
    this.#connections.take(connection);
  }

  /**
   * On connections that come by {@link take}, leaves some requests to another server's routes,
   * within that server's limits on requests and bodies. Call it once.
   */
  leaveRequests(to: HttpServer, isForIt: (target: string) => boolean): void {
    to.#touchHere = (socket) => this.#connections.touch(socket);
    this.#leftTo = (target) => (isForIt(target) ? to : null);
  }

  /**
   * Has `take` called for each upgrade to a WebSocket. Once it calls `accepted`, the connection
   * counts no more among those of this server: others limit it.
   */
  onUpgrade(take: TakesUpgrade): void {
    this.app.server.on('upgrade', (request, socket, head) =>
      take(request, socket, head, () => this.#connections.upgraded(request.socket)),
    );
  }

  /**
   * Leaves new connections to the next process if a parent holds the listening socket; otherwise
   * goes on accepting.
   *
   * @returns whether there is such a parent
   */
  leaveToSuccessor(): boolean {
    const isHeld = this.#options.passed?.has(this.#options.name) ?? false;
    if (isHeld) {
      this.#connections.stopAccepting();
    }
    return isHeld;
  }

  /**
   * Answers 503 from now on, gives requests in flight `boundMs` to end, and cuts the rest; then
   * cuts connections that send no request within a second. Still accepts new connections and
   * upgrades.
   */
  async endRequests(boundMs: number): Promise<void> {
    this.#isClosing = true;
    await this.#requests.end(boundMs);
    await this.#connections.endNewcomers(this.limits.newcomersMs);
  }

  /**
   * Accepts no more connections, gives requests in flight `drainMs` to end, and waits for those
   * about to come on new connections; then cuts the rest. After {@link endRequests}, it only waits
   * for the last octets of responses.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true;
    const { isEnding } = this.#requests;
    const { flushMs, drainMs } = this.limits;
    const cancel = this.#options.clock.schedule(isEnding ? flushMs : drainMs, () =>
      this.#connections.cut(),
    );
    this.#connections.stopAccepting();
    if (!isEnding) {
      await this.#connections.endNewcomers(this.limits.newcomersMs);
    }
    await this.app.close();
    await this.#connections.gone();
    cancel();
  }

  #createApp(): FastifyInstance {
    const { log, requestIds = new RequestIds() } = this.#options;
    return createFastifyApp({
      limits: this.limits,
      log,
      requestIds,
      handleClientError: this.#clientErrors.handle,
      isUpgrade: (request) => this.#isUpgrade(request),
    });
  }

  #createToldLater(): ToldLater {
    const { name, log, clock, onAnswered } = this.#options;
    const { lingerMs } = this.limits;
    const onTold = (request: AnsweredRequest) => onAnswered?.(name, request);
    return new ToldLater({ name, log, clock, lingerMs, onTold });
  }

  /** Begins a request when it is its turn, or tells its client to come later. */
  #begin(request: IncomingMessage, response: ServerResponse): void {
    this.#line.enter(response, {
      // One connection may bring any number, one after the other.
      who: () => [...this.#whoSent(request), `port ${request.socket.remotePort}`],
      begin: () => {
        // Requests wait that came before their connection was lost.
        if (!request.socket.destroyed) {
          this.app.routing(request, response);
        }
      },
      refuse: () => this.#toldLater.tell(request, response),
    });
  }

  #whoSent({ socket, headers }: IncomingMessage): Who {
    return this.#clientNetworks.pathOf(socket.remoteAddress, headers['x-forwarded-for']);
  }

  /** Offers of other protocols, such as HTTP/2, may be ignored (RFC 9110 §7.8). */
  #isUpgrade({ headers, socket }: IncomingMessage): boolean {
    this.#connections.broughtRequest(socket);
    this.#heads.forget(socket);
    const isWebSocket = headers.upgrade?.toLowerCase() === 'websocket';
    return isWebSocket && this.app.server.listenerCount('upgrade') > 0;
  }

  #addHooks(): void {
    const { app } = this;
    const { clock } = this.#options;
    app.decorateRequest('peer', null);
    app.addHook('onRoute', (route) => {
      this.#methods.add(route.url, route.method);
      const { answerWithinMs = () => this.limits.answerWithinMs } = route.config ?? {};
      route.handler = answeredInTime(route.handler, { answerWithinMs, clock });
    });
    // With callbacks, as each promise of a hook costs a request some microseconds.
    app.addHook('onRequest', (request, reply, done) => {
      this.#admit(request, reply);
      if (request.is404) {
        this.#turnAway(request, reply);
      } else {
        done();
      }
    });
    app.addHook('onSend', (request, reply, payload, done) => {
      this.#requests.answered(request.raw);
      this.#bodies.release(request.raw);
      if (this.#isClosing) {
        reply.header('connection', 'close');
      }
      done(null, payload);
    });
    app.addHook('onResponse', (request, reply, done) => {
      this.#report(request, reply);
      done();
    });
    app.setErrorHandler((error, request, reply) => this.#answerError(error, request, reply));
    app.setNotFoundHandler(async () => {
      throw new Refusal('not-found', 'There is nothing here');
    });
  }

  #addBodyReader(): void {
    this.app.removeAllContentTypeParsers();
    this.app.addContentTypeParser('*', (request: FastifyRequest, payload: IncomingMessage) =>
      this.#read(payload, request),
    );
    this.app.addHook('preValidation', (request, _, done) => {
      this.#requests.came(request.raw);
      request.body ??= Buffer.alloc(0);
      done();
    });
  }

  #read(payload: IncomingMessage, { routeOptions, raw }: FastifyRequest): Promise<Buffer> {
    return this.#bodies.read(payload, {
      who: this.#requests.whoSent(raw),
      maxOctets: routeOptions.bodyLimit,
      onProgress: () => {
        this.#requests.touch(raw);
        this.#touch(raw.socket);
      },
    });
  }

  #touch(socket: Socket): void {
    this.#connections.touch(socket);
    this.#touchHere(socket);
  }

  #admit({ raw }: FastifyRequest, reply: FastifyReply): void {
    this.#requests.admit(raw, reply.raw, {
      who: this.#whoSent(raw),
      onEnd: () => this.#bodies.release(raw),
      giveWay: () => {
        if (!this.#bodies.giveWay(raw, requestsFull())) {
          raw.socket.destroy();
        }
      },
    });
  }

  /** Answers an unknown path or method without reading the body. */
  #turnAway(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const methods = this.#methods.at(request.url);
    if (methods.length === 0) {
      throw new Refusal('not-found', 'There is nothing here');
    }
    reply.header('allow', methods.join(', '));
    if (request.method !== 'OPTIONS') {
      throw new Refusal('method', 'This method is not allowed here');
    }
    return reply.code(204).send();
  }

  #answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const answer = replyTo(error, request.routeOptions.config.answers ?? HTTP_ANSWERS);
    this.#failures.set(request, { error, answer });
    if (!request.raw.complete && !request.raw.socket.destroyed) {
      // Stays open for the rest of the body; otherwise the client might see a reset before the
      // answer.
      reply.removeHeader('connection');
      lingerUnlessComplete(request.raw, this.#options.clock, this.limits.lingerMs);
    }
    return sendError(request, reply, answer);
  }

  #report(request: FastifyRequest, reply: FastifyReply): void {
    const { name, onAnswered, answerLevel = 'info' } = this.#options;
    const { method } = request;
    const route = request.routeOptions.url ?? 'none';
    const ms = reply.elapsedTime;
    const status = reply.statusCode;
    const failure = this.#failures.get(request) ?? null;
    const outcome = { status, ms: Math.round(ms * 10) / 10 };
    logAnswer(logOf(request), answerLevel, {
      fields: { server: name, method, route, ...outcome },
      peer: request.peer,
      failure,
    });
    const unserved = status >= 500 ? whyUnserved(failure?.answer.reason ?? '') : null;
    onAnswered?.(name, { method, route, status, seconds: ms / 1_000, unserved });
  }
}
