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
}

/** The page at `/`: what this is, the next meetings, how to subscribe. Its links hold wherever a proxy has put it. */
export const homePage = (content: HomeContent): Buffer =>
  page(
    'Chancery: a diplomatic calendar',
    [
      '<h1>Chancery</h1>',
      '<p>A calendar of diplomatic meetings: what was announced, by whom, and what became of it. A date is shown exactly as well as it is known.</p>',
      clockNote(content.exampleClock),
      meetings(content),
      subscribe(content.publicUrl),
      `<h2>For programs</h2>\n<p>${here('/docs/', 'Documentation')} · ${here('/openapi.json', 'OpenAPI')} · ${here('/schedule/upcoming', 'upcoming')} · ${here('/schedule/past', 'past')} · ${here('/changes', 'changes')} · ${here('/changes.atom', 'changes as an Atom feed')}</p>`,
    ].join('\n'),
    FOUND_BY_PROGRAMS,
  );

const FOUND_BY_PROGRAMS = `<link rel="alternate" type="application/atom+xml" title="Changes" href="./changes.atom">
<link rel="alternate" type="text/calendar" title="Calendar" href="./calendar.ics">
`;

/** A link to an address of this server. */
const here = (path: string, text: string): string => link(`.${path}`, text);

const clockNote = (instant: string | undefined): string =>
  instant === undefined
    ? ''
    : `<p class="note">This is the example. Its clock runs from that day: it is now <time datetime="${escaped(instant)}">${escaped(instant.slice(0, 16).replace('T', ' '))} UTC</time>, and upcoming and past are as they looked then.</p>`;

function meetings({ meetings: lists }: HomeContent): string {
  if (lists === undefined)
    return '<p class="note">The calendar is being built. Try again in a few seconds.</p>';
  return [
    section('Next', lists.upcoming, 'Nothing is planned.'),
    section('Recently', lists.past, 'Nothing has taken place yet.'),
  ].join('\n');
}

const section = (title: string, items: readonly MeetingView[], none: string): string =>
  `<h2>${title}</h2>\n${
    items.length === 0
      ? `<p class="soft">${none}</p>`
      : `<ul class="list">\n${items.map(item).join('\n')}\n</ul>`
  }`;

function item(meeting: MeetingView): string {
  const facts = [
    meeting.status,
    placeOf(meeting),
    ...meeting.participants.slice(0, 4).map((p) => p.name),
  ];
  const sources = meeting.sources.map((source) => link(source.url ?? '', source.outlet));
  return [
    `<li><div class="when">${escaped(whenOf(meeting))}</div>`,
    `<div>${here(meeting.links.self, meeting.title)}</div>`,
    `<div class="meta">${facts
      .filter((fact) => fact !== '')
      .map(escaped)
      .join(' · ')}</div>`,
    sources.length === 0 ? '' : `<div class="meta">Source: ${sources.join(', ')}</div>`,
    '</li>',
  ].join('');
}

const whenOf = ({ when, status }: MeetingView): string =>
  when?.display ?? (status === 'postponed' ? 'Postponed, no new date' : 'Date open');

const placeOf = ({ place }: MeetingView): string =>
  [place?.name, place?.country].filter((part) => part !== undefined).join(', ');

function addressOf(publicUrl: string | undefined): string {
  if (publicUrl === undefined) return here('/calendar.ics', '/calendar.ics');
  return link(`${publicUrl}/calendar.ics`, `${publicUrl}/calendar.ics`);
}

function subscribe(publicUrl: string | undefined): string {
  const calendarApp = publicUrl?.replace(/^https?:/, 'webcal:');
  const how =
    publicUrl === undefined
      ? 'Copy the address of this link into a calendar program on this machine as a calendar from the web. It keeps itself up to date. Google Calendar and Outlook fetch calendars themselves and need a public address: the setting PUBLIC_URL.'
      : 'Put this address into Google Calendar, Apple Calendar, Outlook or Thunderbird as a calendar from the web. It keeps itself up to date.';
  const open =
    calendarApp === undefined
      ? ''
      : `<p>${link(`${calendarApp}/calendar.ics`, 'Open it in your calendar program')}, or copy the address:</p>`;
  return `<h2>Subscribe</h2>\n<p>${how}</p>\n${open}\n<p>${addressOf(publicUrl)}</p>`;
}
