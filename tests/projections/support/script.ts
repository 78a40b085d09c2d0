import fc from 'fast-check';
import type { When } from '../../../events/values.ts';
import { InvalidInput, NotFound, Rejected } from '../../../src/handle.ts';
import type { Body, World } from './world.ts';

/**
 * Random sequences of commands. A step names its subjects by number and is played on whatever there is by then; a
 * command that a rule refuses is passed over.
 */
export interface Step {
  readonly act: Act;
  readonly on: number;
  readonly other: number;
  readonly level: 0 | 1 | 2;
  readonly pick: number;
  readonly cites: readonly number[];
  /** By how many hours the clock moves before. */
  readonly hours: number;
}

const CLASSES = ['public', 'internal', 'confidential'] as const;
const TITLES = ['Committee session', 'Astana summit', 'Tehran talks', 'Consultations'];
export const WORDS = ['committee', 'astana', 'tehran', 'consultations', 'syria', 'russia'];
const PLACES = [
  { name: 'Geneva', country: 'CH', timezone: 'Europe/Zurich' },
  { name: 'Tehran', country: 'IR' },
  { online: true },
];
const PARTIES = ['Russia', 'Iran', 'Turkey'];
const TOPICS = ['syria', 'economy', 'constitution'];
const WHENS: readonly (When | undefined)[] = [
  { edtf: '2021-11-21' },
  { edtf: '2021-11' },
  { edtf: '2021-11-23/2021-11-25' },
  { start: '2021-11-23T10:00', end: '2021-11-23T12:00', timezone: 'Europe/Zurich' },
  { edtf: '2021-12?' },
  { edtf: '2022' },
  { edtf: '2021-11-22/..' },
  { edtf: '../2021-11-22' },
  undefined,
];

const of = <T>(values: readonly T[], pick: number): T => values[pick % values.length] as T;

/** What has been made so far; ids of every level. */
export class Play {
  readonly meetings: string[] = [];
  readonly reports: string[] = [];
  readonly world: World;
  #embargoes = 0;

  constructor(world: World) {
    this.world = world;
  }

  /** `prompt`: due embargoes are ended in the store at once, as by a node that is awake. */
  async run(steps: readonly Step[], prompt = false): Promise<this> {
    for (const step of steps) {
      this.world.at(step.hours * 3_600_000);
      if (prompt) await this.releaseDue();
      await ACTS[step.act](this, step).catch(refused);
    }
    return this;
  }

  /** Writes what ends the embargoes that are due, in the order in which they end. */
  async releaseDue(): Promise<void> {
    const entries = [
      ...this.meetings.map((id) => ({ kind: 'meeting', id }) as const),
      ...this.reports.map((id) => ({ kind: 'announcement', id }) as const),
    ];
    const due = await Promise.all(
      entries.map(async (e) => ({ ...e, until: await this.world.dueEmbargo(e.kind, e.id) })),
    );
    for (const { kind, id, until } of due.toSorted((a, b) => (a.until < b.until ? -1 : 1))) {
      if (until !== '') await this.world.release(kind, id);
    }
  }

  /** No two alike, so that the order in which they end is certain. */
  embargo({ pick }: Step): Body {
    if (pick % 3 !== 0) return {};
    this.#embargoes += 1;
    const ms = this.world.now + (1 + (pick % 20)) * 3_600_000 + this.#embargoes;
    return { embargoUntil: new Date(ms).toISOString() };
  }

  meeting = ({ on }: Step) => of(this.meetings, on) ?? 'missing';
  /** Of another meeting, or one that is not there. */
  others = ({ other, pick }: Step) =>
    pick % 4 === 0 ? ['missing'] : [of(this.meetings, other) ?? 'missing'];
  report = ({ on }: Step) => of(this.reports, on) ?? 'missing';
  basedOn = ({ cites }: Step): Body =>
    this.reports.length === 0 || cites.length === 0
      ? {}
      : { basedOn: [...new Set(cites.map((cite) => of(this.reports, cite)))] };
}

function refused(error: unknown): void {
  const known =
    error instanceof Rejected || error instanceof NotFound || error instanceof InvalidInput;
  if (!known) throw error;
}

// A confidential entry gets a generated id; the others one that tells nothing either.
const entry = (play: Play, step: Step, prefix: string, made: readonly string[]): Body => ({
  ...(step.level === 2 ? { id: undefined } : { id: `${prefix}${made.length}` }),
  classification: of(CLASSES, step.level),
  ...play.embargo(step),
});

const facts = (step: Step): Body => ({
  title: of(TITLES, step.pick),
  form: of(['session', 'summit', 'bilateral'], step.pick),
  when: of(WHENS, step.other),
  place: of(PLACES, step.on),
  topics: [of(TOPICS, step.on)],
  track: `track-${step.pick % 3}`,
  participants: [{ name: of(PARTIES, step.on) }],
});

const claims = (step: Step, meetings: readonly string[]) =>
  meetings.flatMap((meeting) => [
    { id: 'when', meeting, field: 'when', value: of(WHENS, step.on) ?? { edtf: '2022' } },
    { id: 'title', meeting, field: 'title', value: of(TITLES, step.pick) },
  ]);

type Player = (play: Play, step: Step) => Promise<unknown>;

async function announce(play: Play, step: Step): Promise<void> {
  const { world, meetings } = play;
  const status = step.pick % 2 === 0 ? 'proposed' : 'announced';
  const body = {
    status,
    // Room for what is stated out of the order in which it is recorded.
    ...(step.other % 2 === 0 ? { statedAt: '2021-11-16' } : {}),
    ...facts(step),
    ...entry(play, step, 'm', meetings),
    ...play.basedOn(step),
  };
  meetings.push((await world.announce('', body)).id);
}

async function publish(play: Play, step: Step): Promise<void> {
  const { world, reports } = play;
  const about = play.others(step);
  const body = {
    title: of(TITLES, step.pick),
    ...{ about, claims: claims(step, [play.meeting(step)]), topics: [of(TOPICS, step.on)] },
    publishedAt: { value: of(['2021-11-20', '2021-11-21', '2021-11-22T07:00:00Z'], step.pick) },
    ...entry(play, step, 'r', reports),
  };
  reports.push((await world.publish('', body)).id);
}

const command =
  (action: string, body: (play: Play, step: Step) => Body = () => ({})): Player =>
  (play, step) =>
    play.world.post(`/meetings/${play.meeting(step)}/${action}`, {
      ...body(play, step),
      ...play.basedOn(step),
      ...statedAt(play, step),
    });

const DAY_MS = 86_400_000;

/** Now and then some days ago. */
const statedAt = ({ world }: Play, { other }: Step): Body =>
  other % 4 === 1
    ? { statedAt: new Date(world.now - (1 + (other % 5)) * DAY_MS).toISOString().slice(0, 10) }
    : {};

const onReport =
  (action: string, body: (play: Play, step: Step) => Body): Player =>
  (play, step) =>
    play.world.post(`/announcements/${play.report(step)}/${action}`, body(play, step));

const reason = (step: Step): Body => ({ reason: `because ${step.pick}` });
const access = (play: Play, step: Step): Body => ({
  classification: of(CLASSES, step.level),
  ...play.embargo(step),
});

/** Writes what ends an embargo, when one is due. */
const release =
  (kind: 'meeting' | 'announcement'): Player =>
  async (play, step) => {
    const id = kind === 'meeting' ? play.meeting(step) : play.report(step);
    const until = await play.world.dueEmbargo(kind, id);
    if (until !== '') await play.world.release(kind, id);
  };

const ACTS = {
  announce,
  publish,
  announced: command('announce', (_, step) => ({ when: of(WHENS, step.other) })),
  confirm: command('confirm'),
  reschedule: command('reschedule', (_, step) => ({
    when: of(WHENS, step.other),
    ...reason(step),
  })),
  revise: command('revise', (_, step) => ({
    title: of(TITLES, step.other),
    topics: [of(TOPICS, step.pick)],
  })),
  postpone: command('postpone', (_, step) => reason(step)),
  relocate: command('relocate', (_, step) => ({ place: of(PLACES, step.pick), ...reason(step) })),
  correct: command('correct', (_, step) => ({
    when: of(WHENS, step.pick) ?? null,
    ...reason(step),
  })),
  hold: command('hold', (_, step) =>
    step.pick % 2 === 0 ? { outcome: 'Agreed.' } : { when: { edtf: '2021-11-21' } },
  ),
  outcome: command('outcome', (_, step) => ({ outcome: `outcome ${step.pick}` })),
  notHeld: command('not-held', (_, step) => reason(step)),
  cancel: command('cancel', (_, step) => reason(step)),
  reinstate: command('reinstate', (_, step) => ({ when: of(WHENS, step.other) })),
  reclassify: command('reclassify', access),
  reclassifyAgain: command('reclassify', access),
  merge: command('merge', (play, step) => ({ into: play.others(step)[0] })),
  withdraw: command('withdraw', (_, step) => reason(step)),
  restore: command('restore', (_, step) => reason(step)),
  join: command('participants', (_, step) => ({ name: of(PARTIES, step.pick) })),
  leave: (play, step) =>
    play.world.leave(play.meeting(step), of(PARTIES, step.pick).toLowerCase(), play.basedOn(step)),
  correctReport: onReport('correct', (play, step) => ({
    ...{ about: play.others(step), claims: claims(step, play.others(step)) },
    ...reason(step),
  })),
  reclassifyReport: onReport('reclassify', access),
  retract: onReport('retract', (_, step) => reason(step)),
  release: release('meeting'),
  releaseReport: release('announcement'),
} as const satisfies Record<string, Player>;
type Act = keyof typeof ACTS;

const number = fc.nat({ max: 59 });
const step: fc.Arbitrary<Step> = fc.record({
  act: fc.constantFrom(...(Object.keys(ACTS) as Act[])),
  on: number,
  other: number,
  level: fc.constantFrom(0, 1, 2),
  pick: number,
  cites: fc.array(number, { maxLength: 2 }),
  hours: fc.constantFrom(0, 0, 0, 1, 6, 13),
});
const making = (act: Act) => step.map((made): Step => ({ ...made, act, hours: 0 }));

/** Some entries first, so that the rest has something to act on. */
export const script = (length: number): fc.Arbitrary<Step[]> =>
  fc
    .tuple(
      fc.array(making('publish'), { minLength: 1, maxLength: 2 }),
      fc.array(making('announce'), { minLength: 3, maxLength: 5 }),
      fc.array(step, { minLength: Math.floor(length / 3), maxLength: length }),
    )
    .map((parts) => parts.flat());
