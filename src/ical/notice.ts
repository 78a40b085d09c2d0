import { addDays, utcDay } from '../domain/date/index.ts';
import { CRLF, contentLine, oneLine, textLine } from './text.ts';
import { utcStamp } from './times.ts';

/** That the address of a calendar was replaced, as an entry in it: its readers know no other way to be told. */
export interface Notice {
  readonly uid: string;
  /** Instants: when the address was replaced, and until when the old one works. */
  readonly since: string;
  readonly until: string;
}

/** One all-day VEVENT from the day of the change to the last on which the old address works. */
export const noticeEntry = ({ uid, since, until }: Notice): string =>
  [
    `BEGIN:VEVENT${CRLF}`,
    textLine('UID', oneLine(uid)),
    contentLine('SEQUENCE', '0'),
    contentLine('DTSTAMP', utcStamp(since)),
    contentLine('LAST-MODIFIED', utcStamp(since)),
    contentLine('CREATED', utcStamp(since)),
    contentLine('DTSTART;VALUE=DATE', compactDay(utcDay(since))),
    contentLine('DTEND;VALUE=DATE', compactDay(addDays(utcDay(until), 1))),
    textLine('SUMMARY', `This calendar has a new address: change it before ${utcDay(until)}`),
    contentLine('STATUS', 'CONFIRMED'),
    contentLine('TRANSP', 'TRANSPARENT'),
    contentLine('X-MICROSOFT-CDO-BUSYSTATUS', 'FREE'),
    textLine('DESCRIPTION', wordsOf(until)),
    `END:VEVENT${CRLF}`,
  ].join('');

const compactDay = (day: string): string => day.replaceAll('-', '');

const wordsOf = (until: string): string =>
  `The address by which this calendar is subscribed to was replaced, and stops working at ${until}.
What to do: ask whoever gave you the address for the new one, subscribe to that, and then remove this calendar.`;
