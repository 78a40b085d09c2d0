import * as z from 'zod';
import { type DateOrInstant, id as idSchema } from '../events/values.ts';
import { announcementWrites } from './commands/announcement.ts';
import type { CommandDefinition, Params, StreamedCommand } from './commands/common.ts';
import { inWords } from './commands/input-words.ts';
import { meetingWrites } from './commands/meeting.ts';
import { type InputError, InvalidInput, pointer } from './domain/rules.ts';

export type { CommandDefinition, Params, StreamedCommand } from './commands/common.ts';
export { slug } from './commands/common.ts';
export { inWords } from './commands/input-words.ts';

/** Every write of meetings and announcements. */
export const COMMANDS: readonly CommandDefinition[] = [...meetingWrites, ...announcementWrites];

export interface CommandMatch {
  readonly definition: CommandDefinition;
  readonly params: Params;
}

/** The command that a POST to this path is; undefined when there is none. `/meetings/x/cancel` → cancel. */
export function matchCommand(path: string): CommandMatch | undefined {
  const given = path.split('/');
  for (const definition of COMMANDS) {
    const params = matchParts(definition.path.split('/'), given);
    if (params !== undefined) return { definition, params };
  }
  return undefined;
}

function matchParts(pattern: readonly string[], given: readonly string[]): Params | undefined {
  if (pattern.length !== given.length) return undefined;
  const pairs = pattern.map((part, index) => [part, given[index] ?? ''] as const);
  if (!pairs.every(([part, value]) => matchesPart(part, value))) return undefined;
  const named = pairs.filter(([part]) => part.startsWith(':'));
  return Object.fromEntries(named.map(([part, value]) => [part.slice(1), value]));
}

const matchesPart = (part: string, value: string): boolean =>
  part.startsWith(':') ? idSchema.safeParse(value).success : part === value;

/** A command with what is not part of it: its stream, when chosen, and its sources. */
export type ParsedCommand = StreamedCommand & {
  /** From the path, or chosen for a new entry. */
  readonly id: string | undefined;
  readonly statedAt: DateOrInstant | undefined;
  readonly basedOn: readonly string[];
};

type Body = Record<string, unknown> & {
  readonly id?: string;
  readonly statedAt?: DateOrInstant;
  readonly basedOn?: readonly string[];
};

/**
 * Checks a body as sent; no body at all is an empty one.
 * @throws {InvalidInput} with every wrong value
 */
export function parse(definition: CommandDefinition, params: Params, body: unknown): ParsedCommand {
  const checked = checkBody(definition.body, body) as Body;
  const { id, statedAt, basedOn = [], ...fields } = checked;
  return {
    ...definition.toCommand(withoutRepeats(fields) as never, params),
    id: definition.creates ? id : params.id,
    statedAt,
    basedOn: once(basedOn),
  };
}

const once = <T>(items: readonly T[]): T[] => [...new Set(items)];

/** Lists of ids that are sets: whoever sends one twice means it once. */
const SETS = ['topics', 'about'] as const;

function withoutRepeats(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const sets = SETS.flatMap((name) => {
    const value = fields[name];
    return Array.isArray(value) ? [[name, once(value)] as const] : [];
  });
  return { ...fields, ...Object.fromEntries(sets) };
}

/**
 * A body as its schema has it; none at all is an empty one.
 * @throws {InvalidInput} with every wrong value
 */
export function checkBody<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  const result = schema.safeParse(body ?? {}, { error: inWords });
  if (result.success) return result.data;
  const errors = result.error.issues.flatMap((issue) => inputErrors(schema, issue));
  throw new InvalidInput(firstOfEach(errors));
}

/** What is of the wrong type is often too long as well, which says nothing. */
function firstOfEach(errors: readonly InputError[]): InputError[] {
  const places = new Map<string, InputError>();
  for (const error of errors) if (!places.has(error.path)) places.set(error.path, error);
  return [...places.values()];
}

// A field too many is reported where it stands, so that a misspelt one is found.
function inputErrors(schema: z.ZodType, issue: z.core.$ZodIssue): InputError[] {
  const known = fieldsAt(schema, issue.path);
  if (issue.code !== 'unrecognized_keys') {
    const isShape = issue.code === 'invalid_type' && issue.expected === 'object' && known;
    const fields = isShape ? ` of ${known.join(', ')}` : '';
    return [{ path: pointer(issue.path), message: `${issue.message}${fields}` }];
  }
  const fields =
    known === undefined || known.length === 0 ? '' : `there are ${known.join(', ')}, or `;
  return issue.keys.map((key, at) => ({
    path: pointer([...issue.path, key]),
    // Once is enough: there may be thousands.
    message: `no such field: ${at === 0 ? fields : ''}leave it out`,
  }));
}

/** The fields of the object at a path; undefined where there is none, or one of several kinds. */
function fieldsAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] | undefined {
  const [first, ...rest] = path;
  if (schema instanceof z.ZodObject) {
    if (first === undefined) return Object.keys(schema.shape);
    const field = schema.shape[String(first)];
    return field && fieldsAt(field, rest);
  }
  if (schema instanceof z.ZodArray) return fieldsAt(schema.element as z.ZodType, rest);
  return 'unwrap' in schema
    ? fieldsAt((schema as z.ZodOptional<z.ZodType>).unwrap(), path)
    : undefined;
}
