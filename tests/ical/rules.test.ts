import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

/**
 * From each rule for feeds to the tests that hold it, by the beginning of their names (of a `describe`, all that is in
 * it). The rules themselves are in docs/ical.md.
 */
const RULES: Readonly<Record<string, readonly (readonly [file: string, ...names: string[]])[]>> = {
  'UID: one per meeting for ever (RFC 5545 §3.8.4.7)': [
    ['ids/ids', 'ids'],
    ['ical/entry', 'UID: one per meeting for ever', 'differs between two meetings'],
    ['ical/life', 'a life of a meeting in a client', 'under all options and a filter nothing fell'],
  ],
  'SEQUENCE: the count of visible events, per level, kept through a restriction (§3.8.7.4)': [
    ['projections/visibility', 'what counts for SEQUENCE'],
    ['ical/entry', 'SEQUENCE: the count of visible events, from the row'],
    ['ical/life', 'restricted: gone without a trace, and released again under a higher SEQUENCE'],
    ['system/feeds', 'with other options or a higher ceiling, has its entries replaced'],
    ['ical/rendering', 'entries that look different count as changed'],
  ],
  'DTSTAMP = LAST-MODIFIED, CREATED: instants of events, never of a clock (§3.8.7)': [
    ['ical/entry', 'DTSTAMP = LAST-MODIFIED, CREATED: instants of events, in UTC'],
    ['ical/round-trip', 'stamps are instants'],
  ],
  'bytes: the same rows give the same bytes, on any node and after any rebuild': [
    ['ical/feed', 'bytes: the same rows give the same bytes'],
    ['system/feeds', 'two servers on one store, and one that built its views anew'],
  ],
  'bytes: a strong ETag of them, 304 on that of either encoding, no Last-Modified (RFC 9110 §8.8)':
    [
      ['ical/feed', 'bytes: the ETag is a strong hash of the final bytes'],
      ['http/representations', 'is 304 on the validator of either encoding'],
      ['http/representations', 'is a calendar that caches may keep for five minutes'],
      ['http/shortcut', 'is not sent again, in the words of the route: %s'],
    ],
  'bytes: windows move at midnight UTC only': [
    ['ical/feed', 'an entry leaves at midnight UTC, whatever its own zone'],
    ['ical/feed', 'within one UTC day the feed stays the same object'],
  ],
  'STATUS: TENTATIVE, CONFIRMED or CANCELLED (§3.8.1.11)': [['ical/status', 'STATUS']],
  'STATUS: withdrawn and merged for 30 days, with the way to the survivor, then gone': [
    ['ical/feed', 'STATUS: withdrawn and merged stay for 30 days'],
    ['ical/life', 'merged: cancelled with the way to the survivor', 'withdrawn: the same'],
  ],
  'title: one prefix, strongest first': [['ical/status', 'title: one prefix, strongest first']],
  'cancelled=status|label|hide': [['ical/status', 'cancelled=status|label|hide']],
  'postponed=cancelled|tentative': [
    ['ical/status', 'postponed=cancelled|tentative'],
    ['ical/entry', 'rises when a postponed meeting gets a new date, on the same UID'],
  ],
  'coarse date: approx=span|marker|omit': [
    ['ical/dates', 'coarse date: approx=span', 'coarse date: approx=marker'],
    ['ical/dates', 'coarse date: approx=omit', 'coarse date: throughout days are not coarse'],
  ],
  'never shown or no longer: left out, or CANCELLED [DATE OPEN] where it last stood': [
    ['ical/dates', 'never shown or no longer', 'never shown or no longer: filters test the date'],
    ['ical/filter', 'filters: what was shown stays, cancelled'],
  ],
  'no end: no DTEND (§3.6.1)': [['ical/dates', 'no end']],
  'all-day: VALUE=DATE, DTEND exclusive (§3.8.2.2)': [
    ['ical/dates', 'all-day: VALUE=DATE, DTEND exclusive'],
  ],
  'busy: never (§3.8.2.7)': [['ical/entry', 'busy: a claim about others never makes']],
  'time zone: TZID with one VTIMEZONE each, where it gives the offsets of luxon; else UTC (§3.6.5)':
    [
      ['ical/zones', 'time zone: TZID only when the VTIMEZONE gives the offsets of luxon'],
      ['ical/zones', 'time zone: one VTIMEZONE each', 'time zone: every zone of the library'],
      ['ical/zones', 'time zone: ical.js reads the instants of luxon back, 2015–2030'],
      ['ical/zones', 'time zone: no calendar-level timezone name'],
    ],
  'text: escaped, also name, description and UID; no controls (§3.3.11)': [
    ['ical/text', 'text: escaping (RFC 5545 §3.3.11)'],
    ['ical/calendar', 'text: calendar name and description are escaped'],
    ['ical/entry', 'is escaped as text', 'text: a title cannot break out of its line'],
  ],
  'text: folded at 75 octets, CRLF everywhere (§3.1)': [
    ['ical/text', 'text: folding (RFC 5545 §3.1)', 'text: a content line ends in CRLF'],
    ['ical/calendar', 'has CRLF after each line, also the last'],
  ],
  'URL: absolute, encoded; none and no SOURCE without PUBLIC_URL; no SOURCE in private feeds': [
    ['ical/text', 'URL: a URI value'],
    ['ical/entry', 'URL'],
    ['ical/calendar', 'URL: SOURCE and URL of the calendar'],
  ],
  'empty feed: one VTIMEZONE (§3.6)': [['ical/calendar', 'empty feed']],
  'never: METHOD, ATTENDEE, ORGANIZER, VALARM': [
    ['ical/calendar', 'never: METHOD, ATTENDEE, ORGANIZER or VALARM in a feed'],
    ['ical/entry', 'never: ATTENDEE, ORGANIZER, VALARM or METHOD, whoever takes part'],
  ],
  'has: what a calendar and an entry say of themselves (RFC 7986 §5)': [
    ['ical/calendar', 'has: what stands above the entries'],
    ['ical/entry', 'has: CATEGORIES', 'has: LOCATION and GEO', 'has: DESCRIPTION'],
    ['ical/round-trip', 'round trip through ical.js', 'round trip through node-ical'],
  ],
  'past=<days>|all': [['ical/feed', 'past: feed option past=<days>|all']],
  'HTTP: HEAD, gzip when asked, its own tag, Vary and length (RFC 9110 §12.5.3, §8.6)': [
    ['http/representations', 'is plain when asked for with %s'],
    ['http/representations', 'says its length in either encoding, to HEAD too'],
    ['ical/feed', 'bytes: the gzip variant'],
  ],
  'HTTP: inline, one entry an attachment; Authorization is ignored': [
    ['http/representations', 'are inline, one entry is an attachment'],
    ['http/representations', 'does not look at Authorization'],
  ],
  'HTTP: fresh for 300 seconds, never beyond midnight UTC': [
    ['http/representations', 'are not kept beyond midnight'],
  ],
  'HTTP: limited per feed and by what is composed at once, never by address': [
    ['http/limits', 'do not count for feeds, which are fetched for thousands from few addresses'],
    ['http/limits', 'for one feed are its own, and what was not changed is answered beyond them'],
    ['http/composing', 'feeds composed at once'],
  ],
  'HTTP: private ones private, noindex, no-referrer': [
    ['http/feeds', 'is served at an address that is shown once'],
  ],
  'private feed: rotate, revoke, expire, delete; use is noted': [
    ['http/feeds', 'rotated, works at both addresses, then is gone from the old'],
    ['http/feeds', 'revoked or deleted, is not found at once', 'expired, is not found'],
    ['system/feeds', 'its last use survives a restart'],
  ],
  'private feed: the token is in no log line, metric or error': [
    ['http/feeds', 'no address of a private feed is in the log of the server, or in its metrics'],
  ],
  'filters: the same names as REST, in the address or saved': [
    ['ical/filter', 'filters: the same names as REST', 'filters that say the same are one feed'],
    ['http/feed-addresses', 'takes every filter of lists'],
    ['http/feeds', 'is saved under its id and served there, filtered and with its options'],
  ],
};

/** The file's text with its quotes as they are in names. */
const textOf = (file: string): string =>
  readFileSync(new URL(`../${file}.test.ts`, import.meta.url), 'utf8');

const isNamed = (text: string, name: string): boolean =>
  ["'", '"', '`'].some(
    (quote) => text.includes(`(${quote}${name}`) || text.includes(`  ${quote}${name}`),
  );

describe('each rule for feeds has its tests', () => {
  test.each(Object.entries(RULES))('%s', (_, places) => {
    const missing = places.flatMap(([file, ...names]) => {
      const text = textOf(file);
      return names.filter((name) => !isNamed(text, name)).map((name) => `${file}: ${name}`);
    });
    expect(missing).toEqual([]);
  });
});
