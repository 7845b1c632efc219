import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MalformedMessageError } from '../errors.ts';
import { parseGeneralizedTime, parseMessageTime, parseUtcTime } from './time.ts';

const utcTime = (text: string) => parseUtcTime(Buffer.from(text)).toISOString();
const generalizedTime = (text: string) => parseGeneralizedTime(Buffer.from(text)).toISOString();
const messageTime = (text: string) => parseMessageTime(Buffer.from(text)).toISOString();

describe('The time of a certificate', () => {
  it('has its year in two digits until 2049, or in four', () => {
    assert.equal(utcTime('260301123456Z'), '2026-03-01T12:34:56.000Z');
    assert.equal(utcTime('491231235959Z'), '2049-12-31T23:59:59.000Z');
    assert.equal(utcTime('500101000000Z'), '1950-01-01T00:00:00.000Z');
    assert.equal(generalizedTime('20500101000000Z'), '2050-01-01T00:00:00.000Z');
  });

  it('is malformed in any other form', () => {
    for (const text of [
      '',
      'Z',
      '2603011234Z',
      '260301123456',
      '260301123456+0000',
      '20260301123456.5Z',
    ]) {
      assert.throws(() => utcTime(text), MalformedMessageError, text);
      assert.throws(() => generalizedTime(text), MalformedMessageError, text);
    }
  });
});

describe('The time of a certificate', () => {
  it('has the form that goes with its type', () => {
    assert.throws(() => utcTime('20500101000000Z'), MalformedMessageError);
    assert.throws(() => generalizedTime('260301123456Z'), MalformedMessageError);
  });
});

describe('The time of a message', () => {
  it('has fourteen digits and no zone', () => {
    assert.equal(messageTime('20240229235959'), '2024-02-29T23:59:59.000Z');
  });

  it('is malformed if there is no such time', () => {
    for (const text of [
      '20230229000000',
      '20260001000000',
      '20261301000000',
      '20260100000000',
      '20260132000000',
      '20260101240000',
      '20260101006000',
      '20260101000060',
      '00260101000000',
    ]) {
      assert.throws(() => messageTime(text), MalformedMessageError, text);
    }
  });

  it('is malformed with anything but digits', () => {
    for (const text of [
      '2026010100000Z',
      '2026-01-01T00:00',
      '20260101000000Z',
      '+2026010100000',
      '',
    ]) {
      assert.throws(() => messageTime(text), MalformedMessageError, text);
    }
  });
});
