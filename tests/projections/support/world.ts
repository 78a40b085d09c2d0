import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RecordedEvent } from '../../../events/envelope.ts';
import type {
  ChangeView,
  Found,
  ListRequest,
  MeetingFilters,
  MeetingView,
  Reader,
} from '../../../projections/types.ts';
import { matchCommand } from '../../../src/commands.ts';
import { instantMs, isoInstant } from '../../../src/domain/date/index.ts';
import type { Level } from '../../../src/domain/visibility.ts';
import { type Actor, type CommandResult, createHandler } from '../../../src/handle.ts';
import { releaseId } from '../../../src/ids.ts';
import type { EventStore } from '../../../src/store/event-store.ts';
import { openSqliteStore } from '../../../src/store/sqlite/index.ts';
import { withEveryAppend } from '../../support/scripted-store.ts';
import { View } from './view.ts';

/** The morning after the first dossier's report. */
export const START = '2021-11-22T08:00:00Z';

const DESK: Actor = { id: 'desk', ceiling: 'confidential' };

export type Body = Readonly<Record<string, unknown>>;
type Kind = 'meeting' | 'announcement';
type ListGiven = Partial<Omit<ListRequest<MeetingFilters>, 'reader'>>;

export const MEETING = { title: 'Session', form: 'session', classification: 'public' } as const;
export const REPORT = {
  title: 'Report',
  kind: 'report',
  outlet: 'TASS',
  publishedAt: { value: '2021-11-21' },
  language: 'en',
  classification: 'public',
} as const;

/**
 * The store, to which commands append nothing but their own events. When the end of an embargo is recorded is then
 * for the test to say (World.release): of logs in which it comes late the view has to make the same.
 */
const withoutReleases = (store: EventStore): EventStore =>
  withEveryAppend(store, (stream, events, expected) => {
    const own = events.filter(({ meta }) => meta.actor !== 'clock');
    return store.append(stream, own, expected);
  });

/**
 * A real event store, real commands and a view that follows them: each command is applied to the view before
 * its promise settles. Time stands still until `at` moves it.
 */
export class World {
  readonly store: EventStore;
  readonly view = View.live();
  readonly #folder: string;
  readonly #handle;
  #now = instantMs(START);
  #uuids = 0;
  #position: string | undefined;

  private constructor(store: EventStore, folder: string) {
    this.store = store;
    this.#folder = folder;
    this.#handle = createHandler({
      store: withoutReleases(store),
      now: () => this.#now,
      randomUuid: () => `00000000-0000-4000-8000-${String(++this.#uuids).padStart(12, '0')}`,
    });
  }

  static async open(): Promise<World> {
    const folder = await mkdtemp(join(tmpdir(), 'projections-'));
    return new World(await openSqliteStore({ file: join(folder, 'events.db') }), folder);
  }

  async close(): Promise<void> {
    this.view.close();
    await this.store.close();
    await rm(this.#folder, { recursive: true });
  }

  get now(): number {
    return this.#now;
  }

  get queries() {
    return this.view.queries;
  }

  /** Moves the clock to an instant, or on by so many milliseconds. */
  at(moment: string | number): this {
    this.#now = typeof moment === 'string' ? instantMs(moment) : this.#now + moment;
    return this;
  }

  /** Carries a command out, as its POST would. */
  async post(path: string, body: Body = {}): Promise<CommandResult> {
    const match = matchCommand(path);
    if (match === undefined) throw new Error(`no command at ${path}`);
    const result = await this.#handle({ ...match, body, actor: DESK });
    await this.catchUp();
    return result;
  }

  /** Applies what the store has and the view has not. */
  async catchUp(): Promise<void> {
    const events = await this.store.readAll({ after: this.#position, limit: 100_000 });
    this.#position = events.at(-1)?.position ?? this.#position;
    this.view.apply(events);
  }

  log(): Promise<RecordedEvent[]> {
    return this.store.readAll({ limit: 100_000 });
  }

  announce = (id: string, facts: Body = {}) => this.post('/meetings', { ...MEETING, id, ...facts });
  propose = (id: string, facts: Body = {}) => this.announce(id, { status: 'proposed', ...facts });
  /** Announces what was proposed. */
  announced = (id: string, body?: Body) => this.post(`/meetings/${id}/announce`, body);
  confirm = (id: string, body?: Body) => this.post(`/meetings/${id}/confirm`, body);
  reschedule = (id: string, edtf: string, body: Body = {}) =>
    this.post(`/meetings/${id}/reschedule`, { when: { edtf }, ...body });
  revise = (id: string, body: Body) => this.post(`/meetings/${id}/revise`, body);
  postpone = (id: string, body?: Body) => this.post(`/meetings/${id}/postpone`, body);
  relocate = (id: string, place: Body, body: Body = {}) =>
    this.post(`/meetings/${id}/relocate`, { place, ...body });
  correct = (id: string, body: Body) =>
    this.post(`/meetings/${id}/correct`, { reason: 'misread', ...body });
  hold = (id: string, body?: Body) => this.post(`/meetings/${id}/hold`, body);
  outcome = (id: string, outcome: string) => this.post(`/meetings/${id}/outcome`, { outcome });
  notHeld = (id: string, reason = 'nobody came') =>
    this.post(`/meetings/${id}/not-held`, { reason });
  cancel = (id: string, body?: Body) => this.post(`/meetings/${id}/cancel`, body);
  reinstate = (id: string, body?: Body) => this.post(`/meetings/${id}/reinstate`, body);
  reclassify = (id: string, classification: string, body: Body = {}) =>
    this.post(`/meetings/${id}/reclassify`, { classification, ...body });
  merge = (id: string, into: string, body: Body = {}) =>
    this.post(`/meetings/${id}/merge`, { into, ...body });
  withdraw = (id: string, reason = 'entered in error') =>
    this.post(`/meetings/${id}/withdraw`, { reason });
  restore = (id: string, reason = 'it was right') =>
    this.post(`/meetings/${id}/restore`, { reason });
  join = (id: string, participant: Body) => this.post(`/meetings/${id}/participants`, participant);
  leave = (id: string, party: string, body?: Body) =>
    this.post(`/meetings/${id}/participants/${party}/remove`, body);

  publish = (id: string, facts: Body = {}) =>
    this.post('/announcements', { ...REPORT, id, ...facts });
  correctReport = (id: string, body: Body) =>
    this.post(`/announcements/${id}/correct`, { reason: 'misread', ...body });
  reclassifyReport = (id: string, classification: string, body: Body = {}) =>
    this.post(`/announcements/${id}/reclassify`, { classification, ...body });
  retract = (id: string, reason = 'the agency withdrew it') =>
    this.post(`/announcements/${id}/retract`, { reason });

  /** Appends an event that no command of ours would make, such as a newer writer's or of a race. */
  async append(kind: Kind, id: string, type: string, data: Body, more: Body = {}): Promise<string> {
    const stream = `${kind}-${id}`;
    const last = (await this.store.readStream(stream)).at(-1);
    const { eventId = this.#eventId(), ...meta } = more;
    const event = {
      ...{ id: `${eventId}`, type, data },
      meta: { ...metaOf(isoInstant(this.#now)), ...meta },
    };
    await this.store.append(stream, [event], last?.revision ?? 'none');
    await this.catchUp();
    return event.id;
  }

  /** The end of the embargo that a public entry is under, whether or not it has come. */
  async #embargo(stream: string): Promise<string | undefined> {
    const events = await this.store.readStream(stream);
    const datas = events.map((event) => event.data as Body);
    const access = datas.findLast((data) => 'classification' in data || 'embargoUntil' in data);
    const released = events.at(-1)?.type.endsWith('Released') ?? true;
    const isPublic = access?.classification === 'public';
    return isPublic && !released ? (access.embargoUntil as string | undefined) : undefined;
  }

  /** The end of an embargo that has come and that no event says yet, else ''. */
  async dueEmbargo(kind: Kind, id: string): Promise<string> {
    const embargoUntil = (await this.#embargo(`${kind}-${id}`)) ?? '';
    return embargoUntil !== '' && instantMs(embargoUntil) <= this.#now ? embargoUntil : '';
  }

  /** What ends a due embargo in the store, as a node writes it (design.md, MeetingReleased). */
  async release(kind: Kind, id: string): Promise<string> {
    const stream = `${kind}-${id}`;
    const embargoUntil = (await this.#embargo(stream)) ?? '';
    const last = (await this.store.readStream(stream)).at(-1)?.meta.recordedAt ?? START;
    const at = isoInstant(Math.max(instantMs(embargoUntil), instantMs(last)));
    const type = kind === 'meeting' ? 'MeetingReleased' : 'AnnouncementReleased';
    const eventId = releaseId(stream, embargoUntil);
    const data = { embargoUntil };
    return this.append(kind, id, type, data, { eventId, recordedAt: at, statedAt: at });
  }

  #eventId(): string {
    return `00000000-0000-5000-8000-${String(++this.#uuids).padStart(12, '0')}`;
  }

  /** Level 0 anyone, 1 internal, 2 confidential; by this world's clock. */
  reader(level: Level, editor = false): Reader {
    return { level, editor, clockMs: this.#now };
  }

  list(given: ListGiven = {}, level: Level = 2) {
    const reader = this.reader(level);
    return this.queries.listMeetings({
      ...{ reader, filters: {}, nowMs: this.#now, limit: 500 },
      ...given,
    });
  }

  ids(given: ListGiven = {}, level: Level = 2): string[] {
    return this.list(given, level).items.map((meeting) => meeting.id);
  }

  /** The ids that a filter leaves, sorted by id. */
  filtered(filters: MeetingFilters, level: Level = 2): string[] {
    return this.ids({ filters }, level).toSorted();
  }

  /** The meeting as shown, also when it is gone. */
  meeting(id: string, level: Level = 2, editor = false): MeetingView {
    const found = this.find(id, level, editor);
    if (found.kind === 'none') throw new Error(`level ${level} sees no meeting ${id}`);
    return found.value;
  }

  find(id: string, level: Level = 2, editor = false): Found<MeetingView> {
    return this.queries.getMeeting(this.reader(level, editor), id);
  }

  history(id: string, level: Level = 2, editor = false): readonly ChangeView[] {
    const page = this.queries.meetingHistory(this.reader(level, editor), id, { limit: 500 });
    if (page === undefined) throw new Error(`level ${level} sees no meeting ${id}`);
    return page.items;
  }

  report(id: string, level: Level = 2, editor = false) {
    const found = this.queries.getAnnouncement(this.reader(level, editor), id);
    if (found === undefined) throw new Error(`level ${level} sees no announcement ${id}`);
    return found;
  }

  reports(
    given: Partial<Parameters<World['queries']['listAnnouncements']>[0]> = {},
    level: Level = 2,
  ): string[] {
    const reader = this.reader(level);
    const page = this.queries.listAnnouncements({
      ...{ reader, filters: {}, nowMs: this.#now, limit: 500 },
      ...given,
    });
    return page.items.map((item) => item.id);
  }

  changes(
    given: {
      after?: string;
      limit?: number;
      filters?: MeetingFilters & { meeting?: string[] };
    } = {},
    level: Level = 2,
  ) {
    const reader = this.reader(level);
    return this.queries.listChanges({ reader, filters: {}, limit: 500, ...given });
  }
}

const metaOf = (recordedAt: string) => ({
  recordedAt,
  statedAt: recordedAt,
  actor: 'desk',
  commandId: '00000000-0000-4000-8000-000000000000',
  requestHash: '0'.repeat(64),
  correlationId: '00000000-0000-4000-8000-000000000000',
  causationId: '00000000-0000-4000-8000-000000000000',
  schema: 1,
});
