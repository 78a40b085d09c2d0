import ICAL from 'ical.js';

/** One VEVENT as ical.js reads it, zones from the calendar's own VTIMEZONE. */
export interface ReadEvent {
  readonly uid: string;
  /** Epoch ms, or `2022-08-01` for a date. */
  readonly start: number | string;
  readonly end: number | string | null;
  readonly event: InstanceType<typeof ICAL.Event>;
}

export const readCalendar = (text: string): InstanceType<typeof ICAL.Component> =>
  new ICAL.Component(ICAL.parse(text));

export function readEvents(text: string): ReadEvent[] {
  return readCalendar(text)
    .getAllSubcomponents('vevent')
    .map((component) => {
      const end = component.getFirstPropertyValue('dtend');
      return {
        uid: String(component.getFirstPropertyValue('uid')),
        start: moment(component.getFirstPropertyValue('dtstart')),
        end: end === null ? null : moment(end),
        // Looks through its whole calendar for its exceptions: only for those who ask.
        get event() {
          return new ICAL.Event(component);
        },
      };
    });
}

function moment(value: unknown): number | string {
  if (!(value instanceof ICAL.Time)) throw new Error('not a time');
  if (value.isDate) return value.toString();
  if (value.zone === ICAL.Timezone.localTimezone) throw new Error('a time without its zone');
  return value.toUnixTime() * 1000;
}
