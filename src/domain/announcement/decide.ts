import type {
  AnnouncementEvent,
  AnnouncementFacts,
  Claim,
  PublishedAt,
} from '../../../events/announcement.ts';
import {
  futureEmbargo,
  nothingChanges,
  requireOnce,
  requirePlace,
  requireWhen,
  standingEmbargo,
} from '../checks.ts';
import { hasBegunSomewhere, instantMs } from '../date/index.ts';
import { Rejected } from '../rules.ts';
import { changedFields, compact } from '../values.ts';
import type { AnnouncementCommand } from './commands.ts';
import type { AnnouncementState } from './state.ts';
import { seenOf, withUnseen } from './unseen.ts';

export interface AnnouncementContext {
  /** The clock, epoch ms. */
  readonly now: number;
  /** Of the meetings that the announcement names: those that the writer does not see. Default: none. */
  readonly unseen?: ReadonlySet<string>;
}

type Command<T extends AnnouncementCommand['type']> = Extract<AnnouncementCommand, { type: T }>;

/**
 * The events that a command makes of a state.
 * @throws {Rejected} a rule refuses it; see RULES
 * @throws {InvalidInput} a date or time zone in a claim does not exist
 */
export function decide(
  command: AnnouncementCommand,
  state: AnnouncementState,
  context: AnnouncementContext,
): AnnouncementEvent[] {
  if (command.type === 'publish') return [publish(command, state, context)];
  if (state.status === 'none') {
    throw new Rejected('wrong-status', 'There is no such announcement: publish it first.');
  }
  switch (command.type) {
    case 'correct':
      return [correct(command, state.facts, context)];
    case 'reclassify':
      return [reclassify(command, state.facts, context)];
    case 'retract':
      if (state.status === 'published') {
        return [{ type: 'AnnouncementRetracted', data: { reason: command.reason } }];
      }
      throw new Rejected('wrong-status', 'The announcement is retracted already.');
    default:
      return command satisfies never;
  }
}

function publish(
  { facts }: Command<'publish'>,
  state: AnnouncementState,
  { now }: AnnouncementContext,
): AnnouncementEvent {
  if (state.status !== 'none') {
    throw new Rejected('wrong-status', 'The announcement exists already: correct it instead.');
  }
  requirePublished(facts.publishedAt, now);
  facts.claims.forEach(requireClaim);
  requireOwnIds(facts.claims);
  const embargoUntil = futureEmbargo(facts.embargoUntil, now);
  return { type: 'AnnouncementPublished', data: compact({ ...facts, embargoUntil }) };
}

function correct(
  command: Command<'correct'>,
  facts: AnnouncementFacts,
  { now, unseen = new Set() }: AnnouncementContext,
): AnnouncementEvent {
  const { publishedAt, claims = [] } = command.changes;
  if (publishedAt !== undefined) requirePublished(publishedAt, now);
  claims.forEach(requireClaim);
  requireOwnIds(claims);
  const changes = changedFields(command.changes, { ...facts, ...seenOf(facts, unseen) });
  if (Object.keys(changes).length === 0) throw nothingChanges();
  const data = { ...changes, ...withUnseen(changes, facts, unseen), reason: command.reason };
  return { type: 'AnnouncementCorrected', data };
}

function reclassify(
  command: Command<'reclassify'>,
  facts: AnnouncementFacts,
  { now }: AnnouncementContext,
): AnnouncementEvent {
  const { classification, reason } = command;
  const embargoUntil = futureEmbargo(command.embargoUntil, now);
  const standing = standingEmbargo(facts, now);
  if (classification === facts.classification && embargoUntil === standing) throw nothingChanges();
  return {
    type: 'AnnouncementReclassified',
    data: compact({ classification, embargoUntil, reason }),
  };
}

function requirePublished({ value }: PublishedAt, now: number): void {
  const past = value.includes('T') ? instantMs(value) <= now : hasBegunSomewhere(value, now);
  if (past) return;
  throw new Rejected(
    'stated-in-future',
    `publishedAt (${value}) has not come yet anywhere: give the moment it was published, or record it then.`,
  );
}

function requireClaim(claim: Claim, index: number): void {
  const path = ['claims', index, 'value'];
  if (claim.field === 'when') requireWhen(claim.value, undefined, path);
  if (claim.field === 'place') requirePlace(claim.value, path);
  if (claim.field === 'participants') requireOnce(claim.value);
}

function requireOwnIds(claims: readonly Claim[]): void {
  const ids = claims.map((claim) => claim.id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice === undefined) return;
  throw new Rejected('claim-twice', `Two claims are called ${twice}: give each an id of its own.`);
}
