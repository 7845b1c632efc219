import { ExpectedError } from '#awala/expected-error.ts';

/** There is more to collect, but not within this call: the courier should call again with the same CCA. */
export class CollectionCutError extends ExpectedError {
  readonly code = 'COLLECTION_CUT';

  constructor() {
    super('there is more cargo to collect: call again with the same CCA');
    this.name = 'CollectionCutError';
  }
}

/** The courier took too long to acknowledge a cargo. */
export class CargoUnacknowledgedError extends ExpectedError {
  readonly code = 'CARGO_UNACKNOWLEDGED';

  constructor() {
    super('no cargo was acknowledged in time');
    this.name = 'CargoUnacknowledgedError';
  }
}

/** Everything that the CCA allowed to collect was acknowledged: it is used up. */
export class CcaFulfilledError extends ExpectedError {
  readonly code = 'CCA_FULFILLED';

  constructor() {
    super('the CCA was fulfilled before');
    this.name = 'CcaFulfilledError';
  }
}

/**
 * The peer's clock is ahead, so that its CDA is not valid yet by ours. Couriers
 * drop cargo under such a CDA after acknowledging it.
 */
export class CdaNotYetValidError extends ExpectedError {
  readonly code = 'CDA_NOT_YET_VALID';

  constructor() {
    super('the CDA is not valid yet: call again with the same CCA later');
    this.name = 'CdaNotYetValidError';
  }
}

/** Another call is collecting under the same CCA. */
export class CcaInUseError extends ExpectedError {
  readonly code = 'CCA_IN_USE';

  constructor() {
    super('another call is collecting under this CCA');
    this.name = 'CcaInUseError';
  }
}
