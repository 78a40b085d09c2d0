import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../events/values.ts';
import { COMMANDS, matchCommand, parse, slug } from '../../src/commands.ts';

const read = (path: string, body: unknown) => {
  const match = matchCommand(path);
  if (match === undefined) throw new Error(`no command at ${path}`);
  return parse(match.definition, match.params, body);
};
const meeting = { title: 'Session', form: 'session' };
const report = {
  title: 'Report',
  kind: 'report',
  outlet: 'TASS',
  publishedAt: { value: '2021-11-22' },
  language: 'en',
};
const invalid = (...paths: string[]) =>
  expect.objectContaining({
    code: 'validation-failed',
    errors: paths.map((path) => expect.objectContaining({ path })),
  });

describe('the table of writes', () => {
  it('has every write of the contract', () => {
    const entries = COMMANDS.map((c) => c.path);
    const of = (kind: string, ...actions: string[]) => actions.map((a) => `/${kind}/:id/${a}`);
    expect(entries.toSorted()).toEqual(
      [
        '/meetings',
        ...of('meetings', 'announce', 'confirm', 'reschedule', 'revise', 'postpone', 'relocate'),
        ...of('meetings', 'correct', 'hold', 'outcome', 'not-held', 'cancel', 'reinstate'),
        ...of('meetings', 'reclassify', 'merge', 'withdraw', 'restore', 'participants'),
        '/meetings/:id/participants/:party/remove',
        '/announcements',
        ...of('announcements', 'correct', 'reclassify', 'retract'),
      ].toSorted(),
    );
  });

  it.each([
    ['/meetings', 'create', {}],
    ['/meetings/scc-session-7/not-held', 'not-held', { id: 'scc-session-7' }],
    ['/meetings/a/participants/b/remove', 'remove-participant', { id: 'a', party: 'b' }],
    ['/announcements/a/correct', 'correct', { id: 'a' }],
  ])('finds %s', (path, action, params) => {
    expect(matchCommand(path)).toMatchObject({ definition: { action }, params });
  });

  it.each(['/', '/meetings/', '/meetings/A/hold', '/meetings/a/jump', '/meetings/a', '/feeds'])(
    'finds nothing at %s',
    (path) => {
      expect(matchCommand(path)).toBeUndefined();
    },
  );
});

describe('bodies', () => {
  it('a meeting needs a title and a form; the rest has defaults', () => {
    expect(
      read('/meetings', { ...meeting, participants: [{ name: 'José Ødegård' }] }),
    ).toStrictEqual({
      kind: 'meeting',
      id: undefined,
      statedAt: undefined,
      basedOn: [],
      command: {
        type: 'create',
        status: 'announced',
        facts: {
          ...meeting,
          participants: [
            { party: 'jose-odegard', name: 'José Ødegård', role: 'party', presence: 'unknown' },
          ],
          topics: [],
          classification: 'internal',
        },
      },
    });
    expect(() => read('/meetings', {})).toThrow(invalid('/title', '/form'));
  });

  it('an announcement has the defaults of the contract', () => {
    expect(read('/announcements', { ...report, id: 'tass' })).toMatchObject({
      id: 'tass',
      command: {
        type: 'publish',
        facts: {
          publishedAt: { value: '2021-11-22', basis: 'stated' },
          speakers: [],
          topics: [],
          about: [],
          claims: [],
          classification: 'internal',
        },
      },
    });
  });

  it.each([
    ['/announcements', report],
    ['/announcements/a/correct', { reason: 'misread' }],
  ])('a participant in a claim has the defaults of every participant: %s', (path, body) => {
    const claim = { id: 'who', meeting: 'geneva', field: 'participants' };
    const title = { id: 'name', meeting: 'geneva', field: 'title', value: 'Session' };
    const sent = [
      title,
      { ...claim, value: [{ name: 'José Ødegård' }, { name: 'B', role: 'head' }] },
    ];
    const { command } = read(path, { ...body, claims: sent });
    const made = 'facts' in command ? command.facts : 'changes' in command ? command.changes : {};
    expect(made).toHaveProperty('claims', [
      title,
      {
        ...claim,
        value: [
          { party: 'jose-odegard', name: 'José Ødegård', role: 'party', presence: 'unknown' },
          { party: 'b', name: 'B', role: 'head', presence: 'unknown' },
        ],
      },
    ]);
    expect(() =>
      read(path, { ...body, claims: [title, { ...claim, value: [{ name: 'بشار' }] }] }),
    ).toThrow(invalid('/claims/1/value/0/party'));
    const many = Array.from({ length: LIMITS.claims + 1 }, (_, i) => ({ ...title, id: `c${i}` }));
    expect(() => read(path, { ...body, claims: many })).toThrow(invalid('/claims'));
  });

  it('takes each topic, and each meeting an announcement is about, once', () => {
    const topics = ['water', 'peace', 'water'];
    const made = read('/meetings', { title: 'Talks', form: 'visit', topics });
    expect(made.command).toMatchObject({ facts: { topics: ['water', 'peace'] } });
    const about = ['m', 'm'];
    const corrected = read('/announcements/r/correct', { topics, about, reason: 'misread' });
    expect(corrected.command).toMatchObject({
      changes: { topics: ['water', 'peace'], about: ['m'] },
    });
  });

  it('takes statedAt and basedOn everywhere, each source once', () => {
    for (const definition of COMMANDS) {
      expect(Object.keys(definition.body.shape)).toEqual(
        expect.arrayContaining(['statedAt', 'basedOn']),
      );
    }
    const body = { statedAt: '2021-11-21', basedOn: ['a', 'a', 'b'] };
    expect(read('/meetings/x/cancel', body)).toMatchObject({
      id: 'x',
      statedAt: '2021-11-21',
      basedOn: ['a', 'b'],
      command: { type: 'cancel' },
    });
  });

  it.each<[string, string, unknown, string[]]>([
    ['a misspelt field', '/meetings', { ...meeting, titel: 'x' }, ['/titel']],
    [
      'a misspelt field inside',
      '/meetings',
      { ...meeting, place: { name: 'x', city: 'y' } },
      ['/place/city'],
    ],
    ['a place that is nowhere', '/meetings', { ...meeting, place: {} }, ['/place']],
    [
      'a participant without a name',
      '/meetings',
      { ...meeting, participants: [{}] },
      ['/participants/0/name'],
    ],
    [
      'a name without Latin letters and no party',
      '/meetings',
      { ...meeting, participants: [{ name: 'بشار' }] },
      ['/participants/0/party'],
    ],
    ['the same in a single one', '/meetings/x/participants', { name: 'بشار' }, ['/party']],
    ['no reason where one is needed', '/meetings/x/withdraw', undefined, ['/reason']],
    ['a list for a body', '/meetings/x/cancel', [], ['']],
    ['a text for a body', '/meetings/x/cancel', 'x', ['']],
    [
      'releasing on the side',
      '/meetings/x/announce',
      { classification: 'public' },
      ['/classification'],
    ],
    ['status in a correction', '/meetings/x/correct', { status: 'held', reason: 'x' }, ['/status']],
    ['a date that is none', '/meetings/x/cancel', { statedAt: '21 November' }, ['/statedAt']],
    ['a key with a slash', '/meetings/x/cancel', { 'a/b~': 1 }, ['/a~1b~0']],
  ])('%s is refused at its place', (_, path, body, paths) => {
    expect(() => read(path, body)).toThrow(invalid(...paths));
  });

  it.each<[string, unknown, string]>([
    ['/meetings/x/cancel', { raeson: 'x' }, 'there are reason, statedAt, basedOn, or leave it out'],
    ['/meetings', { ...meeting, participants: [{ nmae: 'x' }] }, 'there are party, name, role,'],
    ['/meetings', { ...meeting, place: { name: 'x', city: 'y' } }, 'there are name, '],
  ])('a field that does not exist in %s is answered with those that do', (path, body, known) => {
    expect(() => read(path, body)).toThrow(known);
  });

  it.each<[string, unknown, string]>([
    ['/meetings', { ...meeting, embargoUntil: 'tomorrow' }, 'a UTC instant such as 2021-11-21T'],
    ['/meetings', { ...meeting, when: { edtf: '2022-08', anchor: '1' } }, 'such as 2021-11-21'],
    ['/meetings/x/relocate', { place: { online: false } }, '/place/online: must be an http or'],
    ['/meetings/x/relocate', { place: { online: false } }, 'or true: leave it out'],
  ])('a value in %s that is none is answered with what there can be', (path, body, known) => {
    expect(() => read(path, body)).toThrow(known);
  });

  it('keeps null, which clears', () => {
    expect(read('/meetings/x/correct', { when: null, reason: 'x' })).toMatchObject({
      command: { type: 'correct', changes: { when: null }, reason: 'x' },
    });
  });

  it('takes an empty body, or none, where nothing is needed', () => {
    expect(read('/meetings/x/confirm', undefined).command).toEqual({ type: 'confirm' });
    expect(read('/meetings/x/announce', {}).command).toEqual({ type: 'announce', changes: {} });
  });
});

describe('slug', () => {
  it.each([
    ['Hossein Amir-Abdollahian', 'hossein-amir-abdollahian'],
    ['  Žižkov & Łódź  ', 'zizkov-lodz'],
    ['Ærø Straße', 'aero-strasse'],
    ["Côte d'Ivoire", 'cote-divoire'],
    ['习近平', ''],
    [`${'a'.repeat(79)} b`, 'a'.repeat(79)],
  ])('%s → %s', (name, id) => {
    expect(slug(name)).toBe(id);
  });
});
