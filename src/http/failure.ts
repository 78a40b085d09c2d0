import type { FieldError, ProblemCode, ProblemMembers } from './problem.ts';
import { isProblemCode, Problem } from './problem.ts';

/** The one place that turns an error, whoever threw it, into a problem. */

interface Known {
  readonly code?: unknown;
  readonly statusCode?: unknown;
  readonly path?: unknown;
  readonly errors?: unknown;
  readonly rule?: unknown;
  readonly expected?: unknown;
  readonly actual?: unknown;
}

/** What to answer. `internal` for whatever is not known here: its message stays inside. */
export function problemOf(error: unknown, retryAfterSeconds: number): Problem {
  if (error instanceof Problem) return withRetry(error, retryAfterSeconds);
  if (!(error instanceof Error)) return internal();
  return withRetry(
    named(error) ?? coded(error) ?? framework(error) ?? internal(),
    retryAfterSeconds,
  );
}

const internal = (): Problem =>
  new Problem('internal', 'Something failed here that should not. It has been logged.');

function withRetry(problem: Problem, seconds: number): Problem {
  if (problem.status !== 503 || problem.headers['retry-after'] !== undefined) return problem;
  return new Problem(problem.code, problem.message, problem.members, {
    ...problem.headers,
    'retry-after': String(seconds),
  });
}

/** Errors of the ports, which know nothing of HTTP. */
function named(error: Error & Known): Problem | undefined {
  switch (error.name) {
    case 'InvalidFilter': {
      const path = String(error.path ?? '');
      return new Problem('validation-failed', `${path}: ${error.message}`, {
        errors: [{ path, message: error.message }],
      });
    }
    case 'UnknownCursor':
      return new Problem('gone', 'this page cannot be continued: start again without `cursor`');
    case 'StoreUnavailable':
      return new Problem('store-unavailable', 'the event store does not answer: try again');
    case 'RevisionConflict':
      return new Problem('revision-conflict', 'it has changed since you read it: read it again', {
        expected: revisionOf(error.expected),
        actual: revisionOf(error.actual),
      });
    case 'ViewBehind':
      return new Problem('view-behind', 'the views are being built: try again');
    default:
      return undefined;
  }
}

/** Revisions count from 0; whatever else was expected is not a revision. */
const revisionOf = (value: unknown): number | null =>
  typeof value === 'number' && value >= 0 ? value : null;

/** Errors that carry a code of the HTTP contract. */
function coded(error: Error & Known): Problem | undefined {
  if (!isProblemCode(error.code) || error.code === 'internal') return undefined;
  return new Problem(error.code, error.message, membersOf(error));
}

function membersOf({ errors, rule, expected, actual }: Known): ProblemMembers {
  return {
    ...(Array.isArray(errors) ? { errors: errors as FieldError[] } : {}),
    ...(typeof rule === 'string' ? { rule } : {}),
    ...(expected === undefined ? {} : { expected: expected as string | number }),
    ...(actual === undefined ? {} : { actual: actual as string | number }),
  };
}

const FRAMEWORK: Readonly<Record<string, readonly [ProblemCode, string]>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported-media-type', 'send Content-Type: application/json'],
  FST_ERR_CTP_BODY_TOO_LARGE: ['body-too-large', 'the body is larger than this server takes'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [
    'validation-failed',
    'Content-Length is not the length of the body',
  ],
  FST_ERR_BAD_URL: ['validation-failed', 'the path is not percent-encoded UTF-8 (RFC 3986 §2.1)'],
  FST_ERR_MAX_PARAM_LENGTH: ['not-found', 'no id is that long'],
  ECONNRESET: ['validation-failed', 'the body ended before its time'],
};

/** Errors of the framework below us, which are the request's fault. */
function framework(error: Error & Known): Problem | undefined {
  const known = FRAMEWORK[String(error.code)];
  if (known !== undefined) return new Problem(...known);
  const { statusCode } = error;
  const requests = typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500;
  return requests
    ? new Problem('validation-failed', 'the request cannot be understood')
    : undefined;
}
