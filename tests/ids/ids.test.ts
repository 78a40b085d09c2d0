import { describe, expect, it } from 'vitest';
import {
  canonicalJson,
  commandId,
  entryUid,
  eventId,
  generatedId,
  releaseId,
  requestHash,
  sha256,
} from '../../src/ids.ts';

describe('ids', () => {
  // Pinned: another value would give every subscriber a second copy of each entry, and every retry a second event.
  it('stay the same for ever', () => {
    expect({
      entry: entryUid('meeting-scc-geneva-2022-08'),
      command: commandId('import', '/meetings', 'k'),
      event: eventId('c', 'h', 0),
      stream: generatedId('c'),
      release: releaseId('meeting-a', '2021-11-22T08:00:00Z'),
    }).toMatchInlineSnapshot(`
      {
        "command": "93e1c87a-dc99-5ef4-9b54-cb6173e8c9b1",
        "entry": "de9bf9a3-e381-5505-9477-0d4b7334f62e",
        "event": "0d9c4376-2d1e-5c92-8c5d-7aedd0f8aae3",
        "release": "1c1c3779-03ae-538e-bb09-96b50d468138",
        "stream": "72843477-b2d4-5947-a3dc-db67e9de0a88",
      }
    `);
  });

  it('do not run their parts together', () => {
    expect(commandId('a', 'b', 'c')).not.toBe(commandId('a', 'bc', ''));
    expect(eventId('c', 'h', 0)).not.toBe(eventId('c', 'h', 1));
    expect(eventId('c', 'h', 0, 's')).not.toBe(eventId('c', 'h', 0, 't'));
    expect(eventId('c', 'h', 0, 's')).not.toBe(eventId('c', 'h', 0));
  });

  it('take any text as a key', () => {
    expect(commandId('a', 'b', '\ud800')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('a request is its action and its body, whatever the order of keys', () => {
    expect(requestHash('hold', { a: 1, b: [2] })).toBe(requestHash('hold', { b: [2], a: 1 }));
    expect(requestHash('hold', {})).not.toBe(requestHash('cancel', {}));
    expect(requestHash('hold', { a: 1 })).not.toBe(requestHash('hold', { a: '1' }));
  });

  it('hash as the standards say', () => {
    expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(canonicalJson({ b: 1, a: 'é' })).toBe('{"a":"é","b":1}');
    expect(() => canonicalJson(undefined)).toThrow();
  });
});
