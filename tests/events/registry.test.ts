import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { meetingEvents } from '../../events/meeting.ts';
import { type Registry, registry, UpcastError, upcast } from '../../events/registry.ts';

const golden = JSON.parse(
  readFileSync(new URL('./golden/MeetingNotHeld.v1.json', import.meta.url), 'utf8'),
);

// A version 0 that never was: the reason was called `why`, and before that (-1) `because`.
const rename = (from: string) => (data: unknown) => {
  const { [from]: reason, ...rest } = data as Record<string, unknown>;
  return from === 'because' ? { ...rest, why: reason } : { ...rest, reason };
};
const withHistory: Registry = new Map([
  ...registry,
  [
    'MeetingNotHeld',
    {
      schema: meetingEvents.MeetingNotHeld,
      version: 1,
      upcasters: new Map([
        [-1, rename('because')],
        [0, rename('why')],
      ]),
    },
  ],
]);
const written = (schema: number, data: object) => ({
  ...golden,
  data,
  meta: { ...golden.meta, schema },
});

describe('upcasting', () => {
  it.each([
    [0, { why: 'fog' }],
    [-1, { because: 'fog' }],
  ])('lifts version %i to the one written today', (schema, data) => {
    const event = written(schema, data);
    const lifted = upcast(event, withHistory);
    expect(lifted).toStrictEqual({ ...event, data: { reason: 'fog' } });
    expect(meetingEvents.MeetingNotHeld.safeParse(lifted?.data).success).toBe(true);
  });

  it('leaves the stored event as it is', () => {
    const event = Object.freeze(written(0, Object.freeze({ why: 'fog' })));
    upcast(event, withHistory);
    expect(event.data).toEqual({ why: 'fog' });
  });

  it('returns a current event itself', () => {
    expect(upcast(golden, withHistory)).toBe(golden);
  });

  it("knows nothing of a newer writer's type", () => {
    expect(upcast({ ...golden, type: 'MeetingSerenaded' })).toBeUndefined();
  });

  it.each([
    ['a newer version', written(2, {})],
    ['a version that no upcaster lifts', written(-2, {})],
  ])('refuses %s', (_, event) => {
    expect(() => upcast(event, withHistory)).toThrow(UpcastError);
  });
});
