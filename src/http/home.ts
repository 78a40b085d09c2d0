import type { MeetingView } from '../../projections/types.ts';
import { escaped, link, page } from './html.ts';

export interface HomeContent {
  /** Undefined while the views are being built. */
  readonly meetings:
    | { readonly upcoming: readonly MeetingView[]; readonly past: readonly MeetingView[] }
    | undefined;
  /** Instant of the example's clock; undefined with the real one. */
  readonly exampleClock: string | undefined;
  readonly publicUrl: string | undefined;
  /** As Edge.at. */
  at(path: string): string;
}

/** The page at `/`: what this is, the next meetings, how to subscribe. */
export const homePage = (content: HomeContent): Buffer =>
  page(
    'Chancery: a diplomatic calendar',
    [
      '<h1>Chancery</h1>',
      '<p>A calendar of diplomatic meetings: what was announced, by whom, and what became of it. A date is shown exactly as well as it is known.</p>',
      clockNote(content.exampleClock),
      meetings(content),
      subscribe(content),
      `<h2>For programs</h2>\n<p>${PROGRAMS.map(([path, text]) => link(content.at(path), text)).join(' · ')}</p>`,
    ].join('\n'),
    FOUND_BY_PROGRAMS.map(([path, type, title]) => alternate(content.at(path), type, title)).join(
      '',
    ),
  );

const PROGRAMS = [
  ['/docs', 'Documentation'],
  ['/openapi.json', 'OpenAPI'],
  ['/schedule/upcoming', 'upcoming'],
  ['/schedule/past', 'past'],
  ['/changes', 'changes'],
  ['/changes.atom', 'changes as an Atom feed'],
] as const;

const FOUND_BY_PROGRAMS = [
  ['/changes.atom', 'application/atom+xml', 'Changes'],
  ['/calendar.ics', 'text/calendar', 'Calendar'],
] as const;

const alternate = (address: string, type: string, title: string): string =>
  `<link rel="alternate" type="${type}" title="${title}" href="${escaped(address)}">\n`;

const clockNote = (instant: string | undefined): string =>
  instant === undefined
    ? ''
    : `<p class="note">This is the example. Its clock runs from that day: it is now <time datetime="${escaped(instant)}">${escaped(instant.slice(0, 16).replace('T', ' '))} UTC</time>, and upcoming and past are as they looked then.</p>`;

function meetings({ meetings: lists, at }: HomeContent): string {
  if (lists === undefined)
    return '<p class="note">The calendar is being built. Try again in a few seconds.</p>';
  return [
    section('Next', lists.upcoming.map(item(at)), 'Nothing is planned.'),
    section('Recently', lists.past.map(item(at)), 'Nothing has taken place yet.'),
  ].join('\n');
}

const section = (title: string, items: readonly string[], none: string): string =>
  `<h2>${title}</h2>\n${
    items.length === 0
      ? `<p class="soft">${none}</p>`
      : `<ul class="list">\n${items.join('\n')}\n</ul>`
  }`;

const item =
  (at: HomeContent['at']) =>
  (meeting: MeetingView): string => {
    const facts = [
      meeting.status,
      placeOf(meeting),
      ...meeting.participants.slice(0, 4).map((p) => p.name),
    ];
    const sources = meeting.sources.map((source) => link(source.url ?? '', source.outlet));
    return [
      `<li><div class="when">${escaped(whenOf(meeting))}</div>`,
      `<div>${link(at(meeting.links.self), meeting.title)}</div>`,
      `<div class="meta">${facts
        .filter((fact) => fact !== '')
        .map(escaped)
        .join(' · ')}</div>`,
      sources.length === 0 ? '' : `<div class="meta">Source: ${sources.join(', ')}</div>`,
      '</li>',
    ].join('');
  };

const whenOf = ({ when, status }: MeetingView): string =>
  when?.display ?? (status === 'postponed' ? 'Postponed, no new date' : 'Date open');

const placeOf = ({ place }: MeetingView): string =>
  [place?.name, place?.country].filter((part) => part !== undefined).join(', ');

function subscribe({ publicUrl, at }: HomeContent): string {
  const address = publicUrl === undefined ? at('/calendar.ics') : `${publicUrl}/calendar.ics`;
  const calendarApp = publicUrl?.replace(/^https?:/, 'webcal:');
  const how =
    publicUrl === undefined
      ? 'Copy the address of this link into a calendar program on this machine as a calendar from the web. It keeps itself up to date. Google Calendar and Outlook fetch calendars themselves and need a public address: the setting PUBLIC_URL.'
      : 'Put this address into Google Calendar, Apple Calendar, Outlook or Thunderbird as a calendar from the web. It keeps itself up to date.';
  const open =
    calendarApp === undefined
      ? ''
      : `<p>${link(`${calendarApp}/calendar.ics`, 'Open it in your calendar program')}, or copy the address:</p>`;
  return `<h2>Subscribe</h2>\n<p>${how}</p>\n${open}\n<p>${link(address, address)}</p>`;
}
