import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { RecordedEvent } from '../events/envelope.ts';
import { RedactionRefused, redact, redactable } from '../src/redact.ts';

/** The golden event of a type, as a store holds it. */
function golden(type: string, change: object = {}): RecordedEvent {
  const file = new URL(`events/golden/${type}.v1.json`, import.meta.url);
  const event = JSON.parse(readFileSync(file, 'utf8'));
  const data = { ...event.data, ...change };
  return { ...event, data, stream: 'meeting-a', revision: 0, position: '1' };
}

const nameOf = (party: string) => `redacted-${party.length}`;
const without = (event: RecordedEvent, ...fields: string[]) => redact(event, fields, nameOf);
const held = golden('MeetingHeld', { outcome: 'Words' });

describe('what is taken out of an event', () => {
  it('are texts, and the event stays what it was otherwise', () => {
    const { event, words } = without(held, 'outcome');
    expect(event).toEqual({ ...held, data: { ...(held.data as object), outcome: '[redacted]' } });
    expect(words).toEqual(['Words']);
    expect(held.data).toHaveProperty('outcome', 'Words');
  });

  it('is the actor, whose name is no text to look for', () => {
    const { event, words } = without(held, 'meta.actor');
    expect(event.meta).toEqual({ ...held.meta, actor: '[redacted]' });
    expect(words).toEqual([]);
  });

  it('is no actor where there is none', () => {
    const { actor: _, ...meta } = held.meta;
    const nobody = { ...held, meta: meta as typeof held.meta };
    expect(redactable(nobody)).toEqual(['outcome']);
    expect(() => without(nobody, 'nothing')).toThrow(RedactionRefused);
  });

  it('is a party, which gets another id', () => {
    const added = golden('MeetingParticipantAdded');
    const { party } = (added.data as { participant: { party: string } }).participant;
    const { event, parties } = without(added, 'participant.party');
    expect(event.data).toHaveProperty('participant.party', nameOf(party));
    expect(parties).toEqual([party]);
  });

  it('is what is optional and no text: left out', () => {
    const { event } = without(golden('AnnouncementPublished'), 'url');
    expect(event.data).not.toHaveProperty('url');
  });

  it.each(
    ['MeetingAnnounced', 'AnnouncementPublished', 'FeedSaved', 'TokenIssued', 'EventRedacted'].map(
      (type) => [golden(type)] as const,
    ),
  )('is everything that is said of $type to be redactable, one by one', (event) => {
    const fields = redactable(event);
    expect(fields.length).toBeGreaterThan(1);
    const kept = fields.filter((field) => {
      const after = JSON.stringify(without(event, field).event);
      return after === JSON.stringify(event);
    });
    expect(kept).toEqual([]);
  });
});

describe('what an event must keep', () => {
  it.each([
    ['MeetingAnnounced', 'form', /is not a text, nor one that may be left out; it has title/],
    ['MeetingAnnounced', 'classification', /is not a text/],
    ['MeetingAnnounced', 'when', /is not a text/],
    ['MeetingAnnounced', 'when.timezone', /is not a text|is not in it/],
    ['MeetingAnnounced', 'participants', /is not a text/],
    [
      'MeetingAnnounced',
      'participants.9.name',
      /participants\.9\.name of \S+ \(MeetingAnnounced\) is not in it/,
    ],
    ['MeetingReclassified', 'embargoUntil', /is not a text/],
    ['TokenIssued', 'hash', /is not a text/],
    ['TokenIssued', 'expiresAt', /is not a text/],
    ['MeetingAnnounced', '__proto__.polluted', /is not in it/],
    ['MeetingAnnounced', 'title.length', /is not in it/],
    ['MeetingAnnounced', 'meta.recordedAt', /is not in it/],
  ])('%s: %s', (type, field, message) => {
    const refused = () => without(golden(type), field);
    expect(refused).toThrow(RedactionRefused);
    expect(refused).toThrow(message);
  });

  it('is enough to be a valid event', () => {
    const relocated = golden('MeetingRelocated', { place: { online: true } });
    expect(() => without(relocated, 'place.online')).toThrow(
      /would be no valid event without place\.online \(place: must have at least one of name/,
    );
  });

  it('is one also where its address is older than the rules for new ones', () => {
    const relocated = golden('MeetingRelocated', {
      place: { online: 'https://a.example/the room' },
    });
    expect(() => without(relocated, 'place.online')).toThrow(/would be no valid event/);
  });

  it('is a claim that is no text', () => {
    const claims = [{ id: 'a', meeting: 'b', field: 'status', value: 'held' }];
    const published = golden('AnnouncementPublished', { claims });
    expect(() => without(published, 'claims.0.value')).toThrow(/would be no valid event/);
  });
});
