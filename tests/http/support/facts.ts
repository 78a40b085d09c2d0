/** Named facts of the first dossier. */

export const MEETING = {
  id: 'scc-geneva-2022-08',
  title: 'Syrian Constitutional Committee meeting',
  form: 'session',
  when: { edtf: '2022-08', phrase: 'August next year', anchor: '2021-11-21' },
  place: { name: 'Geneva', country: 'CH', timezone: 'Europe/Zurich' },
  topics: ['constitution'],
  track: 'syrian-constitutional-committee',
  likelihood: 'may-occur',
  classification: 'public',
} as const;

export const REPORT = {
  id: 'tehran-times-2021-11-21',
  title: 'A Russian delegation in Tehran',
  kind: 'report',
  outlet: 'Tehran Times',
  url: 'https://www.tehrantimes.com/news/467281',
  publishedAt: { value: '2021-11-21', basis: 'inferred' },
  language: 'en',
  about: ['scc-geneva-2022-08'],
  claims: [{ id: 'c1', meeting: 'scc-geneva-2022-08', field: 'when', value: { edtf: '2022-08' } }],
  classification: 'public',
} as const;
