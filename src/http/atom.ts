import type { ChangeView, Source } from '../../projections/types.ts';
import { uri } from '../ical/index.ts';
import { escaped } from './html.ts';

/** The Atom feed of changes (RFC 4287), pure: what it says in, XML out. */

export interface AtomFeed {
  /** UUIDs of the feed. */
  readonly id: string;
  /** The feed's own address, relative, and what is put before every address; '' for none. */
  readonly self: string;
  readonly base: string;
  /** The newest first. */
  readonly entries: readonly AtomEntry[];
}

export interface AtomEntry {
  readonly change: ChangeView;
  /** Title and relative address of the meeting or announcement that changed. */
  readonly title: string;
  readonly about: string;
}

export const ATOM_TYPE = 'application/atom+xml; charset=utf-8';

/** RFC 4287 §4.1.1: a feed has an `updated`, also one in which nothing has happened. */
const NEVER = '1970-01-01T00:00:00Z';

/** The document. */
export function atomDocument({ id, self, base, entries }: AtomFeed): string {
  const updated = entries.map(({ change }) => change.recordedAt).reduce(later, NEVER);
  return `${[
    '<?xml version="1.0" encoding="utf-8"?>',
    '<feed xmlns="http://www.w3.org/2005/Atom">',
    `<id>urn:uuid:${id}</id>`,
    '<title>Chancery: changes</title>',
    '<author><name>Chancery</name></author>',
    `<updated>${updated}</updated>`,
    `<link rel="self" type="application/atom+xml" href="${xml(base + self)}"/>`,
    ...entries.map((entry) => entryOf(entry, base)),
    '</feed>',
  ].join('\n')}\n`;
}

// As instants: with and without a fraction, their texts do not sort as they do.
const later = (a: string, b: string): string => (Date.parse(b) > Date.parse(a) ? b : a);

function entryOf({ change, title, about }: AtomEntry, base: string): string {
  const { cursor, type, recordedAt, sentence = '', reason, sources = [] } = change;
  const lines = [
    sentence,
    ...(reason ? [`Reason: ${reason}`] : []),
    ...sources.map(({ outlet, publishedAt }) => `Source: ${outlet}, ${publishedAt}`),
  ];
  return [
    '<entry>',
    `<id>urn:uuid:${cursor}</id>`,
    `<title>${xml(`${title}: ${sentence}`)}</title>`,
    `<updated>${recordedAt}</updated>`,
    `<category term="${xml(type)}"/>`,
    // Without a type, which is a hint only (RFC 4287 §4.2.7.3): readers pass over a link to what is no page.
    `<link rel="alternate" href="${xml(base + about)}"/>`,
    ...sources.flatMap(viaLink),
    `<content>${xml(lines.join('\n'))}</content>`,
    '</entry>',
  ].join('\n');
}

/** RFC 4287 §4.2.7.2: `via` is where the information comes from. */
const viaLink = ({ url, outlet }: Source): string[] =>
  url === null ? [] : [`<link rel="via" href="${xml(uri(url))}" title="${xml(outlet)}"/>`];

/** All that is not a character of XML 1.0 (§2.2), which not even a reference may name. */
const NOT_XML = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu;

const xml = (text: string): string => escaped(text.replace(NOT_XML, '\ufffd'));
