import * as z from 'zod';
import {
  classification,
  dateOrInstant,
  id,
  instant,
  LIMITS,
  type Participant,
  participant,
  text,
} from '../../events/values.ts';
import type { AnnouncementCommand } from '../domain/announcement/commands.ts';
import { foldLetters } from '../domain/letters.ts';
import type { MeetingCommand } from '../domain/meeting/commands.ts';
import { InvalidInput, pointer } from '../domain/rules.ts';

/** A moment on the calendar; ISO 8601 also has a year 0, which no date here can be. */
export const sourceMoment = dateOrInstant.refine((value) => !value.startsWith('0000'), {
  error: 'must be in the year 1 or later',
});

/** What every write takes beside its own fields. */
export const sourced = {
  statedAt: sourceMoment.optional(),
  basedOn: z.array(id).max(LIMITS.basedOn).optional(),
};
export const reason = text.optional();

/** Fields of an entry's access, as given when it is made. */
export const access = {
  classification: classification.default('internal'),
  embargoUntil: instant.optional(),
};

/** A participant as sent: only the name is required. */
export const participantInput = participant
  .extend({
    party: id
      .optional()
      .describe('Made of the name when left out, where that has a Latin letter or digit.'),
    role: participant.shape.role.default('party'),
    presence: participant.shape.presence.default('unknown'),
  })
  .meta({ id: 'GivenParticipant' });
export const participantsInput = z.array(participantInput).max(LIMITS.participants);
type ParticipantInput = z.output<typeof participantInput>;

/** A name as an id: `Hossein Amir-Abdollahian` → `hossein-amir-abdollahian`; '' when no letter is Latin. */
export const slug = (name: string): string =>
  foldLetters(name)
    .replace(/['’]/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, LIMITS.id)
    .replace(/^-+|-+$/g, '');

/** @throws {InvalidInput} no party is given and the name has no letter to make one from */
export function toParticipant(input: ParticipantInput, path: readonly PropertyKey[]): Participant {
  const party = input.party ?? slug(input.name);
  if (party !== '') return { ...input, party };
  throw new InvalidInput([
    {
      path: pointer([...path, 'party']),
      message: 'give the id of the party: the name has no Latin letter to make one from',
    },
  ]);
}

export const toParticipants = (
  inputs: readonly ParticipantInput[],
  path: readonly PropertyKey[] = ['participants'],
): Participant[] => inputs.map((input, index) => toParticipant(input, [...path, index]));

export type StreamedCommand =
  | { readonly kind: 'meeting'; readonly command: MeetingCommand }
  | { readonly kind: 'announcement'; readonly command: AnnouncementCommand };

export type Params = Readonly<Record<string, string>>;

/** One kind of write: what http routes, `import` and the OpenAPI document are made from. */
export interface CommandDefinition {
  /** Path with parameters: `/meetings/:id/reschedule`. */
  readonly path: string;
  readonly action: string;
  readonly kind: StreamedCommand['kind'];
  /** Makes a new stream: its id, when chosen, is in the body. */
  readonly creates: boolean;
  /** One sentence for the OpenAPI document. */
  readonly summary: string;
  readonly body: z.ZodObject;
  /** From the parsed body, without `id`, `statedAt` and `basedOn`. */
  readonly toCommand: (body: never, params: Params) => StreamedCommand;
}

type CommandOf<K extends StreamedCommand['kind']> = Extract<
  StreamedCommand,
  { readonly kind: K }
>['command'];

/** A write as it is listed; `path` only where it is not that of the action on an entry. */
interface Write<S extends z.ZodObject, C> {
  readonly path?: string;
  readonly summary: string;
  readonly body: S;
  readonly toCommand: (body: Omit<z.output<S>, 'id' | 'statedAt' | 'basedOn'>, params: Params) => C;
}

/**
 * Lists writes of one kind of entry.
 * @param creating the action that makes a new one
 */
export const writesOf =
  <K extends StreamedCommand['kind']>(kind: K, creating: string) =>
  <S extends z.ZodObject>(action: string, given: Write<S, CommandOf<K>>): CommandDefinition => ({
    path: given.path ?? `/${kind}s/:id/${action}`,
    action,
    kind,
    creates: action === creating,
    summary: given.summary,
    body: given.body,
    toCommand: (body: Omit<z.output<S>, 'id' | 'statedAt' | 'basedOn'>, params) =>
      ({ kind, command: given.toCommand(body, params) }) as StreamedCommand,
  });
