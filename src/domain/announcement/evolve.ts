import type { AnnouncementEvent, AnnouncementFacts } from '../../../events/announcement.ts';
import { patched } from '../values.ts';
import type { AnnouncementState } from './state.ts';

export const initialState: AnnouncementState = { status: 'none' };

const FACT_FIELDS = [
  'title',
  'kind',
  'outlet',
  'url',
  'publishedAt',
  'language',
  'speakers',
  'paraphrase',
  'topics',
  'about',
  'claims',
  'classification',
  'embargoUntil',
] as const satisfies readonly (keyof AnnouncementFacts)[];

/** The state after one more event. Total. */
export function evolve(state: AnnouncementState, event: AnnouncementEvent): AnnouncementState {
  if (event.type === 'AnnouncementPublished') return { status: 'published', facts: event.data };
  if (state.status === 'none') return state;
  const set = (data: object): AnnouncementState => ({
    ...state,
    facts: patched(state.facts, data, FACT_FIELDS),
  });
  switch (event.type) {
    case 'AnnouncementCorrected':
      return set(event.data);
    case 'AnnouncementReclassified': {
      const { classification, embargoUntil = null } = event.data;
      return set({ classification, embargoUntil });
    }
    case 'AnnouncementReleased':
      return set({ embargoUntil: null });
    case 'AnnouncementRetracted':
      return { status: 'retracted', facts: state.facts, reason: event.data.reason };
    default:
      return event satisfies never;
  }
}
