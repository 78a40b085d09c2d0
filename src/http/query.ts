import * as z from 'zod';
import { inWords } from '../commands.ts';
import { type FieldError, Problem } from './problem.ts';

/** Query strings against zod schemas, strictly: what is not named is refused. */

/** Set on what could not be percent-decoded, so that validation and not the router refuses it. */
const UNDECODABLE = Symbol('undecodable');

type RawQuery = Record<string, string | string[]> & { [UNDECODABLE]?: true };

/** `a=1&b=2&b=3` → {a: '1', b: ['2', '3']}, without a prototype. Never throws. */
export function parseQuery(text: string): RawQuery {
  const query: RawQuery = Object.create(null);
  for (const pair of text.split('&').filter((part) => part !== '')) {
    const equals = pair.indexOf('=');
    const end = equals < 0 ? pair.length : equals;
    const name = decode(pair.slice(0, end));
    const value = decode(pair.slice(end + 1));
    if (name === undefined || value === undefined) query[UNDECODABLE] = true;
    else add(query, name, value);
  }
  return query;
}

function add(query: RawQuery, name: string, value: string): void {
  const before = query[name];
  if (before === undefined) query[name] = value;
  else if (Array.isArray(before)) before.push(value);
  else query[name] = [before, value];
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

type Shape = 'many' | 'number' | 'one';

/** What a parameter is behind optional and default. */
function shapeOf(schema: z.core.$ZodType): Shape {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) {
    return shapeOf(schema.def.innerType);
  }
  if (schema instanceof z.ZodArray) return 'many';
  return schema instanceof z.ZodNumber ? 'number' : 'one';
}

/** Text → what the schema of its parameter takes: a list for a repeatable one, a number for a number. */
function liberal(shape: Shape, value: string | string[]): unknown {
  if (shape === 'many') return typeof value === 'string' ? [value] : value;
  if (shape === 'number' && typeof value === 'string' && /^-?\d{1,9}$/.test(value)) {
    return Number(value);
  }
  return value;
}

export type ObjectSchema = z.ZodObject;

/** Checks a query against a schema, whose parameters are text, numbers, or lists for repeatable ones. */
export function queryValidator(schema: ObjectSchema): (raw: unknown) => Checked {
  const shapes = new Map(Object.entries(schema.shape).map(([k, s]) => [k, shapeOf(s)] as const));
  return (raw) => {
    const query = (raw ?? {}) as RawQuery;
    const errors = queryErrors(query, shapes);
    if (errors.length > 0) return { error: refused(errors) };
    const given = Object.entries(query).map(([k, v]) => [k, liberal(shapes.get(k) ?? 'one', v)]);
    return check(schema, Object.fromEntries(given));
  };
}

function queryErrors(query: RawQuery, shapes: ReadonlyMap<string, Shape>): FieldError[] {
  if (query[UNDECODABLE]) {
    return [{ path: '', message: 'the query is not percent-encoded UTF-8 (RFC 3986 §2.1)' }];
  }
  return Object.entries(query).flatMap(([path, value]) => {
    if (!shapes.has(path)) {
      const known = [...shapes.keys()].join(', ');
      return [{ path, message: `unknown parameter; this address takes ${known || 'none'}` }];
    }
    const repeated = Array.isArray(value) && shapes.get(path) !== 'many';
    return repeated ? [{ path, message: 'give it once' }] : [];
  });
}

export type Checked = { readonly value: unknown } | { readonly error: Problem };

/** The parsed value, or a problem with every wrong one at its parameter. */
function check(schema: z.ZodType, value: unknown): Checked {
  const result = schema.safeParse(value, { error: inWords });
  if (result.success) return { value: result.data };
  const errors = result.error.issues.map(({ path, message }) => ({
    path: String(path[0] ?? ''),
    message,
  }));
  return { error: refused(errors) };
}

// A hostile request can be wrong in a million places; nobody reads more than these.
const ERRORS_SHOWN = 50;

/** The 400 that lists wrong values. */
export function refused(errors: readonly FieldError[]): Problem {
  const shown = errors.slice(0, ERRORS_SHOWN);
  const words = shown
    .slice(0, 3)
    .map(({ path, message }) => (path ? `${path}: ${message}` : message));
  return new Problem('validation-failed', words.join('; '), { errors: shown });
}
