import type * as z from 'zod';
import {
  announcementCorrection,
  announcementEvents,
  announcementFacts,
  publishedAt,
} from '../../events/announcement.ts';
import { id, text } from '../../events/values.ts';
import type { AnnouncementCommand } from '../domain/announcement/commands.ts';
import { access, type CommandDefinition, sourced, sourceMoment } from './common.ts';

interface Write<S extends z.ZodObject> {
  readonly path?: string;
  readonly summary: string;
  readonly body: S;
  readonly toCommand: (
    body: Omit<z.output<S>, 'id' | 'statedAt' | 'basedOn'>,
  ) => AnnouncementCommand;
}

const write = <S extends z.ZodObject>(action: string, given: Write<S>): CommandDefinition => ({
  path: given.path ?? `/announcements/:id/${action}`,
  action,
  kind: 'announcement',
  creates: action === 'publish',
  summary: given.summary,
  body: given.body,
  toCommand: (body: Omit<z.output<S>, 'id' | 'statedAt' | 'basedOn'>) => ({
    kind: 'announcement',
    command: given.toCommand(body),
  }),
});

const published = publishedAt.extend({
  value: sourceMoment,
  basis: publishedAt.shape.basis.default('stated'),
});

export const announcementWrites: readonly CommandDefinition[] = [
  write('publish', {
    path: '/announcements',
    summary: 'Records something published or said about meetings.',
    body: announcementFacts.extend({
      id: id.optional(),
      publishedAt: published,
      speakers: announcementFacts.shape.speakers.default([]),
      topics: announcementFacts.shape.topics.default([]),
      about: announcementFacts.shape.about.default([]),
      claims: announcementFacts.shape.claims.default([]),
      ...access,
      ...sourced,
    }),
    toCommand: (facts) => ({ type: 'publish', facts }),
  }),
  write('correct', {
    summary: 'Corrects our record of an announcement; null clears, claims are a whole list.',
    body: announcementCorrection
      .extend({ publishedAt: published.optional(), reason: text })
      .extend(sourced),
    toCommand: ({ reason, ...changes }) => ({ type: 'correct', changes, reason }),
  }),
  write('reclassify', {
    summary: 'Releases or restricts an announcement.',
    body: announcementEvents.AnnouncementReclassified.extend(sourced),
    toCommand: (fields) => ({ type: 'reclassify', ...fields }),
  }),
  write('retract', {
    summary: 'Marks an announcement as retracted; it stays.',
    body: announcementEvents.AnnouncementRetracted.extend(sourced),
    toCommand: (fields) => ({ type: 'retract', ...fields }),
  }),
];
