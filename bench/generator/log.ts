import { type NewEvent, streamOf } from '../../events/envelope.ts';
import type { DomainEvent } from '../../events/registry.ts';
import { releaseId } from '../../src/ids.ts';
import { Random } from '../random.ts';
import { announcementLife } from './announcement.ts';
import { type Draft, meetingLife, type Setting } from './meeting.ts';
import { DAY_MS, dayOf } from './values.ts';

/** What a generated log looks like. The same shape gives the same log. */
export interface LogShape {
  readonly seed: number;
  /** How many events; or, so that no life is cut off, how many meetings. */
  readonly size: { readonly events: number } | { readonly meetings: number };
  /** Meetings whose events lie between each other's; as many as there are gives the worst case. */
  readonly alive: number;
  /** Events recorded a day. */
  readonly perDay: number;
  /** Every meeting is public and shown in a feed. */
  readonly allShown?: boolean;
}

/** An event at its place, as the store will hold it. */
export interface LogEvent extends NewEvent {
  readonly stream: string;
  readonly revision: number;
}

/** Where every log ends, so that figures do not depend on the day they are taken. */
export const LOG_END = Date.parse('2026-09-30T12:00:00Z');

const EVENTS_A_MEETING = 9;
/** How often an announcement is drawn instead of a meeting, and how often it is one that is out already. */
const ANNOUNCEMENTS = 0.16;
const FOLLOW_UPS = 0.5;
/** Announcements of which more may be heard. */
const KEPT = 500;

const GONE: ReadonlySet<string> = new Set(['MeetingMerged', 'MeetingWithdrawn']);

interface Life {
  readonly id: string;
  readonly stream: string;
  readonly drafts: Iterator<Draft<DomainEvent>>;
  revision: number;
  /** An announcement about it that its next event cites, with the day it was published. */
  source: { readonly id: string; readonly day: string } | undefined;
  recordedMs: number;
  /** Merged or withdrawn. */
  gone: boolean;
}

/** Events in the order of the log. */
export function* generateLog(shape: LogShape): Generator<LogEvent> {
  const { size } = shape;
  const most = 'events' in size ? size.events : Number.POSITIVE_INFINITY;
  const about = 'events' in size ? size.events : size.meetings * EVENTS_A_MEETING;
  const step = DAY_MS / shape.perDay;
  const start = LOG_END - about * step;
  const lives = new Lives(shape, start);
  for (let n = 0; n < most; ) {
    lives.clock.ms = Math.floor(start + n * step);
    const event = lives.next();
    if (event === 'none left') return;
    if (event === undefined) continue;
    yield event;
    n += 1;
  }
}

class Lives {
  readonly clock: { ms: number };
  readonly #random: Random;
  readonly #setting: Setting;
  readonly #slots: (Life | undefined)[];
  readonly #most: number;
  /** Announcements that have more to come. */
  readonly #papers: Life[] = [];
  #begun = 0;
  #published = 0;

  constructor({ seed, size, alive, allShown = false }: LogShape, startMs: number) {
    this.clock = { ms: startMs };
    this.#random = new Random(seed);
    this.#setting = { random: this.#random, clock: this.clock, allShown };
    this.#slots = Array.from({ length: alive });
    this.#most = 'meetings' in size ? size.meetings : Number.POSITIVE_INFINITY;
  }

  /** Undefined: the life that was drawn had come to its end. */
  next(): LogEvent | undefined | 'none left' {
    if (this.#random.chance(ANNOUNCEMENTS)) return this.#announcement();
    const slot = this.#random.below(this.#slots.length);
    if (this.#slots[slot] === undefined && this.#begun === this.#most) {
      return this.#close(slot);
    }
    const life = this.#slots[slot] ?? this.#begin();
    const event = this.#advance(life);
    this.#slots[slot] = event === undefined ? undefined : life;
    return event;
  }

  #begin(): Life {
    this.#begun += 1;
    const id = `meeting-${this.#begun}`;
    const drafts = meetingLife(this.#setting, () => this.#someMeeting(id));
    return newLife(id, streamOf('meeting', id), drafts);
  }

  /** No more meetings begin: the slot is gone, and in the end all are. */
  #close(slot: number): undefined | 'none left' {
    const last = this.#slots.pop();
    if (slot < this.#slots.length) this.#slots[slot] = last;
    return this.#slots.length === 0 ? 'none left' : undefined;
  }

  #someMeeting(except: string): string | undefined {
    const life = this.#slots[this.#random.below(this.#slots.length)];
    return life === undefined || life.gone || life.id === except ? undefined : life.id;
  }

  #announcement(): LogEvent | undefined {
    return this.#random.chance(FOLLOW_UPS) ? this.#followUp() : this.#publish();
  }

  #followUp(): LogEvent | undefined {
    const paper = this.#papers.shift();
    const event = paper && this.#advance(paper);
    if (paper !== undefined && event !== undefined) this.#papers.push(paper);
    return event;
  }

  #publish(): LogEvent | undefined {
    const drawn = Array.from({ length: 1 + this.#random.below(4) }, () =>
      this.#random.pick(this.#slots),
    );
    const about = [...new Set(drawn.filter((life) => life !== undefined))];
    this.#published += 1;
    const id = `announcement-${this.#published}`;
    const drafts = announcementLife(
      this.#setting,
      about.map((life) => life.id),
    );
    const paper = newLife(id, streamOf('announcement', id), drafts);
    for (const life of about) life.source = { id, day: dayOf(this.clock.ms) };
    if (this.#papers.length < KEPT) this.#papers.push(paper);
    return this.#advance(paper);
  }

  #advance(life: Life): LogEvent | undefined {
    const next = life.drafts.next();
    if (next.done === true) return undefined;
    const { endsEmbargo, type, data } = next.value;
    const { stream } = life;
    life.revision += 1;
    life.gone = GONE.has(type);
    const place = { stream, revision: life.revision, type, data };
    if (endsEmbargo !== undefined) {
      life.recordedMs = Math.max(Date.parse(endsEmbargo), life.recordedMs);
      return { ...place, id: releaseId(stream, endsEmbargo), meta: this.#meta(life.recordedMs) };
    }
    life.recordedMs = this.clock.ms;
    const { source } = life;
    life.source = undefined;
    return { ...place, id: this.#random.uuid(), meta: this.#meta(life.recordedMs, source) };
  }

  #meta(recordedMs: number, source?: Life['source']): NewEvent['meta'] {
    const recordedAt = new Date(recordedMs).toISOString();
    const commandId = this.#random.uuid();
    return {
      recordedAt,
      statedAt: source?.day ?? recordedAt,
      ...(source === undefined ? {} : { basedOn: [source.id] }),
      actor: `desk-${1 + this.#random.below(12)}`,
      commandId,
      requestHash: this.#random.hex(64),
      correlationId: commandId,
      causationId: commandId,
      schema: 1,
    };
  }
}

const newLife = (id: string, stream: string, drafts: Life['drafts']): Life => ({
  ...{ id, stream, drafts },
  revision: -1,
  source: undefined,
  recordedMs: 0,
  gone: false,
});
