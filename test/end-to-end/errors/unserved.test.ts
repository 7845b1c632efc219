import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { HttpAnswers } from '#runtime/http/answers.ts';
import { whyUnserved } from '#runtime/http/unserved.ts';
import { PARCEL_ANSWERS as POHTTP_ANSWERS } from '#services/pohttp/answers.ts';
import {
  DEAUTHORISATION_ANSWERS,
  PARCEL_ANSWERS,
  REGISTRATION_ANSWERS,
} from '#services/poweb/answers.ts';

/** Of ours, or of a backing service. */
const FAULTS = ['too-late', 'backing-unavailable', 'backing-full', 'clock-in-doubt'];

describe('why a request got a 5xx', () => {
  const tables: Readonly<Record<string, HttpAnswers>> = {
    'parcels by PoWeb': PARCEL_ANSWERS,
    'deauthorisations by PoWeb': DEAUTHORISATION_ANSWERS,
    'registrations by PoWeb': REGISTRATION_ANSWERS,
    'parcels by PoHTTP': POHTTP_ANSWERS,
  };
  for (const [what, answers] of Object.entries(tables)) {
    it(`is a fault only where something failed: ${what}`, () => {
      const unserved = Object.entries(answers).filter(([, { status }]) => status >= 500);
      const faults = unserved.map(([code]) => code).filter((code) => whyUnserved(code) === 'fault');
      assert.deepEqual(faults.toSorted(), FAULTS.toSorted());
    });
  }
});
