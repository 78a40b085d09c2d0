import { COMMANDS, type CommandDefinition } from '../../../src/commands.ts';
import { REPORT } from './facts.ts';
import type { Got, World } from './world.ts';

/** One example of every write: what must be there before, what is sent, and what the answer shows. */
interface Example {
  /** Fields of the entry that is there before; for one that makes an entry, what is sent. */
  readonly entry: Readonly<Record<string, unknown>>;
  /** Writes after that, by action. */
  readonly before?: readonly (readonly [action: string, body: object])[];
  readonly body?: Readonly<Record<string, unknown>>;
  readonly shows: object;
}

const planned = {
  title: 'Syrian Constitutional Committee meeting',
  form: 'session',
  when: { edtf: '2022-08' },
  place: { name: 'Geneva', country: 'CH' },
  participants: [{ name: 'Ali Asghar Khaji', role: 'host' }],
  classification: 'public',
};
const passed = { ...planned, when: { edtf: '2021-11-17' } };
const { id: _, ...report } = REPORT;
const reason = 'reported by the host';

/** The survivor of the merge. */
export const SURVIVOR = 'scc-geneva';

const EXAMPLES: Readonly<Record<string, Example>> = {
  'meeting create': { entry: planned, shows: { title: planned.title, status: 'announced' } },
  'meeting announce': {
    entry: { ...planned, status: 'proposed' },
    body: { when: { edtf: '2022-05' } },
    shows: { status: 'announced', when: { edtf: '2022-05' } },
  },
  'meeting confirm': {
    entry: planned,
    body: { likelihood: 'certain' },
    shows: { status: 'confirmed', likelihood: 'certain' },
  },
  'meeting reschedule': {
    entry: planned,
    body: { when: { edtf: '2022-03-21/2022-03-25' }, reason, requestedBy: 'United Nations' },
    shows: { when: { edtf: '2022-03-21/2022-03-25', precision: 'days' }, reason },
  },
  'meeting revise': { entry: planned, body: { topics: ['astana'] }, shows: { topics: ['astana'] } },
  'meeting postpone': {
    entry: planned,
    body: { reason },
    shows: { status: 'postponed', when: null, previousDates: [{ reason }] },
  },
  'meeting relocate': {
    entry: planned,
    body: { place: { name: 'Nairobi', country: 'KE' } },
    shows: { place: { name: 'Nairobi', country: 'KE' } },
  },
  'meeting correct': {
    entry: planned,
    body: { track: 'syrian-constitutional-committee', reason },
    shows: { track: 'syrian-constitutional-committee' },
  },
  'meeting hold': {
    entry: passed,
    body: { outcome: 'No agreement' },
    shows: { status: 'held', outcome: 'No agreement' },
  },
  'meeting outcome': {
    entry: passed,
    before: [['hold', {}]],
    body: { outcome: 'Another round' },
    shows: { status: 'held', outcome: 'Another round' },
  },
  'meeting not-held': { entry: passed, body: { reason }, shows: { status: 'not-held', reason } },
  'meeting cancel': { entry: planned, body: { reason }, shows: { status: 'cancelled', reason } },
  'meeting reinstate': {
    entry: planned,
    before: [['cancel', {}]],
    body: { when: { edtf: '2022-09' } },
    shows: { status: 'announced', when: { edtf: '2022-09' } },
  },
  'meeting reclassify': {
    entry: planned,
    body: { classification: 'internal' },
    shows: { classification: 'internal' },
  },
  'meeting merge': {
    entry: planned,
    body: { into: SURVIVOR },
    shows: { status: 'merged', mergedInto: SURVIVOR },
  },
  'meeting withdraw': { entry: planned, body: { reason }, shows: { status: 'withdrawn' } },
  'meeting restore': {
    entry: planned,
    before: [['withdraw', { reason }]],
    body: { reason },
    shows: { status: 'announced' },
  },
  'meeting add-participant': {
    entry: planned,
    body: { name: 'Alexander Lavrentiev' },
    shows: {
      participants: [
        { party: 'ali-asghar-khaji' },
        { party: 'alexander-lavrentiev', role: 'party', presence: 'unknown' },
      ],
    },
  },
  'meeting remove-participant': { entry: planned, body: { reason }, shows: { participants: [] } },
  'announcement publish': { entry: report, shows: { outlet: 'Tehran Times', retracted: null } },
  'announcement correct': {
    entry: report,
    body: { title: 'The delegation in Tehran', reason },
    shows: { title: 'The delegation in Tehran' },
  },
  'announcement reclassify': {
    entry: report,
    body: { classification: 'internal' },
    shows: { classification: 'internal' },
  },
  'announcement retract': { entry: report, body: { reason }, shows: { retracted: { reason } } },
};

export const nameOf = ({ kind, action }: CommandDefinition): string => `${kind} ${action}`;

/** The names for which there is an example: the test compares them with the table of commands. */
export const EXAMPLE_NAMES = Object.keys(EXAMPLES);

/** For `test.each`: the name of every write, and what it is. */
export const WRITES = COMMANDS.map((definition) => [nameOf(definition), definition] as const);

/** The path of a write on one entry. */
export const pathOf = ({ path }: CommandDefinition, id: string): string =>
  path.replace(':id', id).replace(':party', 'ali-asghar-khaji');

/** What the example sends, without preparation. */
export function bodyOf(definition: CommandDefinition, id: string): Record<string, unknown> {
  const { entry, body = {} } = example(definition);
  return definition.creates ? { id, ...entry } : { ...body };
}

export const showsOf = (definition: CommandDefinition): object => example(definition).shows;

/** Brings about what must be there before the write; the answer to the last step. */
export async function prepare(
  world: World,
  definition: CommandDefinition,
  id: string,
): Promise<Got | undefined> {
  if (definition.creates) return undefined;
  const { entry, before = [] } = example(definition);
  const collection = `/${definition.kind}s`;
  let last = must(201, await world.post(collection, { id, ...entry }));
  for (const [action, body] of before) {
    last = must(200, await world.post(`${collection}/${id}/${action}`, body));
  }
  return last;
}

/** The answer, when it is the one expected. */
export function must(status: number, got: Got): Got {
  if (got.status === status) return got;
  throw new Error(`expected ${status}, got ${got.status}: ${got.text}`);
}

function example(definition: CommandDefinition): Example {
  const found = EXAMPLES[nameOf(definition)];
  if (found === undefined) throw new Error(`there is no example of ${nameOf(definition)}`);
  return found;
}
