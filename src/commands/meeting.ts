import * as z from 'zod';
import { meetingCorrection, meetingEvents, meetingFacts } from '../../events/meeting.ts';
import { id, text, when } from '../../events/values.ts';
import {
  access,
  type CommandDefinition,
  participantInput,
  participantsInput as participants,
  reason,
  sourced,
  toParticipant,
  toParticipants,
  writesOf,
} from './common.ts';

const write = writesOf('meeting', 'create');

const create = write('create', {
  path: '/meetings',
  summary: 'Announces a meeting, or proposes it.',
  body: meetingFacts.extend({
    id: id.optional(),
    status: z.enum(['proposed', 'announced']).default('announced'),
    participants: participants.default([]),
    topics: meetingFacts.shape.topics.default([]),
    ...access,
    ...sourced,
  }),
  toCommand: ({ status, ...facts }) => ({
    type: 'create',
    status,
    facts: { ...facts, participants: toParticipants(facts.participants) },
  }),
});

const announce = write('announce', {
  summary: 'Announces a proposed meeting, with the fields that changed.',
  body: meetingFacts
    .omit({ classification: true, embargoUntil: true })
    .extend({ participants })
    .partial()
    .extend(sourced),
  toCommand: ({ participants: given, ...fields }) => ({
    type: 'announce',
    changes: {
      ...fields,
      ...(given === undefined ? {} : { participants: toParticipants(given) }),
    },
  }),
});

const plan = [
  write('confirm', {
    summary: 'Confirms a meeting.',
    body: meetingEvents.MeetingConfirmed.extend(sourced),
    toCommand: (fields) => ({ type: 'confirm', ...fields }),
  }),
  write('reschedule', {
    summary: 'Moves a meeting to another date.',
    body: meetingEvents.MeetingRescheduled.extend(sourced),
    toCommand: (fields) => ({ type: 'reschedule', ...fields }),
  }),
  write('revise', {
    summary: 'Changes other facts of the plan; null clears.',
    body: meetingEvents.MeetingRevised.extend(sourced),
    toCommand: ({ reason: why, ...changes }) => ({ type: 'revise', changes, reason: why }),
  }),
  write('postpone', {
    summary: 'Puts a meeting off without a new date.',
    body: meetingEvents.MeetingPostponed.extend(sourced),
    toCommand: (fields) => ({ type: 'postpone', ...fields }),
  }),
  write('relocate', {
    summary: 'Moves a meeting to another place, or online.',
    body: meetingEvents.MeetingRelocated.extend(sourced),
    toCommand: (fields) => ({ type: 'relocate', ...fields }),
  }),
  write('correct', {
    summary: 'Corrects our record, where the plan did not change; null clears.',
    body: meetingCorrection
      .extend({ participants: participants.optional(), reason: text })
      .extend(sourced),
    toCommand: ({ reason: why, participants: given, ...fields }) => ({
      type: 'correct',
      changes: {
        ...fields,
        ...(given === undefined ? {} : { participants: toParticipants(given) }),
      },
      reason: why,
    }),
  }),
];

const outcome = [
  write('hold', {
    summary: 'Records that a meeting was held.',
    body: meetingEvents.MeetingHeld.extend(sourced),
    toCommand: (fields) => ({ type: 'hold', ...fields }),
  }),
  write('outcome', {
    summary: 'Records what came of a meeting that was held.',
    body: meetingEvents.MeetingOutcomeRecorded.extend(sourced),
    toCommand: (fields) => ({ type: 'outcome', ...fields }),
  }),
  write('not-held', {
    summary: 'Records that the date passed without the meeting.',
    body: meetingEvents.MeetingNotHeld.extend(sourced),
    toCommand: (fields) => ({ type: 'not-held', ...fields }),
  }),
  write('cancel', {
    summary: 'Cancels a meeting.',
    body: meetingEvents.MeetingCancelled.extend(sourced),
    toCommand: (fields) => ({ type: 'cancel', ...fields }),
  }),
  write('reinstate', {
    summary: 'Takes a meeting up again, on its last date or a new one.',
    body: meetingEvents.MeetingReinstated.extend({ ...sourced, when: when.optional() }),
    toCommand: (fields) => ({ type: 'reinstate', ...fields }),
  }),
];

const record = [
  write('reclassify', {
    summary: 'Releases or restricts a meeting.',
    body: meetingEvents.MeetingReclassified.extend(sourced),
    toCommand: (fields) => ({ type: 'reclassify', ...fields }),
  }),
  write('merge', {
    summary: 'Merges a duplicate into the meeting that stays.',
    body: meetingEvents.MeetingMerged.extend(sourced),
    toCommand: (fields) => ({ type: 'merge', ...fields }),
  }),
  write('withdraw', {
    summary: 'Takes back a meeting that was entered in error.',
    body: meetingEvents.MeetingWithdrawn.extend(sourced),
    toCommand: (fields) => ({ type: 'withdraw', ...fields }),
  }),
  write('restore', {
    summary: 'Undoes a merge or a withdrawal.',
    body: meetingEvents.MeetingRestored.extend(sourced),
    toCommand: (fields) => ({ type: 'restore', ...fields }),
  }),
  write('add-participant', {
    path: '/meetings/:id/participants',
    summary: 'Adds a participant.',
    body: participantInput.extend({ reason, ...sourced }),
    toCommand: ({ reason: why, ...participant }) => ({
      type: 'add-participant',
      participant: toParticipant(participant, []),
      reason: why,
    }),
  }),
  write('remove-participant', {
    path: '/meetings/:id/participants/:party/remove',
    summary: 'Removes a participant.',
    body: z.strictObject({ reason, ...sourced }),
    toCommand: ({ reason: why }, { party = '' }) => ({
      type: 'remove-participant',
      party,
      reason: why,
    }),
  }),
];

export const meetingWrites: readonly CommandDefinition[] = [
  create,
  announce,
  ...plan,
  ...outcome,
  ...record,
];
