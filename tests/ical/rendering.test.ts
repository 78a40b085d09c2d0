import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { MEETING_STATUSES } from '../../events/values.ts';
import type { EntryRow } from '../../projections/entry.ts';
import { entryQueries } from '../../projections/entry-queries.ts';
import { RENDERING } from '../../src/ical/entry.ts';
import { entryUid } from '../../src/ids.ts';
import { GOLDEN_LOG, openBench } from '../views/support.ts';
import { AUGUST, at, DAY, on, rendered, row } from './support/rows.ts';

/**
 * Programs keep an entry as they have it until its SEQUENCE rises. So whoever makes entries look different of the same
 * rows counts RENDERING up, and pins by its count the SHA-256 of what these look like then.
 */
const PINNED: Readonly<Record<number, string>> = {
  0: '73722d9ebe6db1b7a2e02e0f3d8db91e49a313402c99df1eabbfeedb8bcf0621',
};

const SPOKEN = {
  title: 'Talks, again; "second" \\ round',
  reason: 'A strike\nat the airport',
  outcome: 'Statement read out',
  participants: [
    { name: 'Syria', party: 'syria', role: 'party', presence: 'expected' },
    {
      name: 'UN',
      party: 'united-nations',
      role: 'host',
      as: 'Special Envoy',
      presence: 'confirmed',
    },
  ],
  place: { name: 'Genève', country: 'CH', venue: 'Palais', geo: { lat: 46.2, lon: 0 } },
} satisfies Partial<EntryRow>;

const WHENS = [
  ...[AUGUST, DAY, on('2022-06-10/2022-06-12'), on('2022'), on('2022-24'), on('2022-06-10?')],
  ...[at('2022-06-10T10:00', 'Europe/Zurich', '2022-06-10T12:00'), at('2022-06-10T10:00', 'UTC')],
  // In a gap, shown twice, and before today's rule.
  ...[at('2022-03-27T02:30', 'Europe/Zurich'), at('2022-10-30T02:30', 'Europe/Zurich')],
  ...[at('2039-09-17T01:00', 'Asia/Gaza'), at('2021-11-21T10:00', 'Asia/Damascus')],
];

/** As PINNED, of the golden log's entries at each level: what they say, and what is counted into their SEQUENCE. */
const GOLDEN: Readonly<Record<number, string>> = {
  0: '14aa9fb64e7f3e3170b913f7b169d4fec68e899daf6e8fc73798759481856eb8',
};

test('entries of the golden log that say something else, or count otherwise, count as changed', async () => {
  const bench = await openBench();
  await bench.fill(GOLDEN_LOG);
  const projector = bench.project();
  await projector.ready;
  const entries = entryQueries(projector.reader(), entryUid);
  const hash = createHash('sha256');
  for (const level of [0, 1, 2] as const) {
    const reader = { level, editor: false, clockMs: Date.UTC(2030, 0, 1) };
    const rows = entries.changesAfter(reader, 0, 1_000).map((change) => change.row());
    const told = rows.filter((entry) => entry !== null).map((entry) => rendered(entry));
    expect(told.length).toBeGreaterThan(1);
    hash.update(told.join('\n'));
  }
  await bench.close();
  expect(hash.digest('hex')).toBe(GOLDEN[RENDERING.count]);
});

test('entries that look different count as changed, on whatever day a program meets them', () => {
  const rows = [
    ...MEETING_STATUSES.map((status) => row({ ...SPOKEN, status, when: DAY, statuses: [status] })),
    ...WHENS.map((when) => row({ when })),
    ...WHENS.map((when) => row({ status: 'postponed', when: null, lastWhen: when })),
    row({ when: null, dates: [DAY] }),
  ];
  const options = [
    {},
    { cancelled: 'label' },
    { approx: 'marker' },
    { postponed: 'tentative' },
  ] as const;
  const hash = createHash('sha256');
  for (const one of rows) {
    for (const option of options) {
      hash.update(`${rendered(one, option, { publicUrl: 'https://calendar.example.org' })}\n`);
    }
  }
  expect(hash.digest('hex')).toBe(PINNED[RENDERING.count]);
});
