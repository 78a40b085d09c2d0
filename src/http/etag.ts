import { hash } from 'node:crypto';

/** Entity tags and the conditions made of them (RFC 9110 §8.8.3, §13.1). */

// 22 characters of base64url are 132 bits: two different bodies never share a tag.
const TAG_LENGTH = 22;
const ENTITY_TAG = /(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"/y;

/** Strong tag of the bytes; with a revision, one that If-Match can name: `"r3-…"`. */
export function entityTag(bytes: Buffer, revision?: number): string {
  const digest = hash('sha256', bytes, 'base64url').slice(0, TAG_LENGTH);
  return revision === undefined ? `"${digest}"` : `"r${revision}-${digest}"`;
}

/** The same representation compressed: `"abc"` → `"abc-gz"`. */
export const gzipTag = (tag: string): string => `${tag.slice(0, -1)}-gz"`;

interface ListedTag {
  readonly weak: boolean;
  /** Quotes included. */
  readonly tag: string;
}

/** `*` or the tags listed; undefined when the field is neither. */
export function parseTags(field: string): '*' | readonly ListedTag[] | undefined {
  if (field.trim() === '*') return '*';
  const tags: ListedTag[] = [];
  let at = 0;
  while (at < field.length) {
    at = skip(field, at);
    if (at >= field.length) break;
    ENTITY_TAG.lastIndex = at;
    const match = ENTITY_TAG.exec(field);
    if (match === null) return undefined;
    tags.push({ weak: match[1] !== undefined, tag: `"${match[2]}"` });
    at = ENTITY_TAG.lastIndex;
    const rest = /[ \t]*(,|$)/y;
    rest.lastIndex = at;
    if (!rest.test(field)) return undefined;
  }
  return tags.length === 0 ? undefined : tags;
}

/** Past white space and empty list elements (RFC 9110 §5.6.1.2). */
function skip(field: string, from: number): number {
  let at = from;
  while (at < field.length && ' \t,'.includes(field.charAt(at))) at += 1;
  return at;
}

/**
 * Whether If-None-Match names one of the tags of the present representation, by weak comparison
 * (RFC 9110 §13.1.2). A field that cannot be read names none: the caller gets the whole answer.
 */
export function namesOneOf(field: string | undefined, present: readonly string[]): boolean {
  if (field === undefined) return false;
  if (present.includes(field)) return true;
  const listed = parseTags(field);
  if (listed === undefined) return false;
  return listed === '*' || listed.some(({ tag }) => present.includes(tag));
}

/** Whether a condition has weak tags and no others: by strong comparison it never holds (RFC 9110 §8.8.3.2). */
export function isWeakOnly(field: string | undefined): boolean {
  const listed = field === undefined ? undefined : parseTags(field);
  return listed !== undefined && listed !== '*' && listed.every(({ weak }) => weak);
}

const REVISION_TAG = /^"r(\d{1,15})-[\w-]+"$/;

/**
 * The revisions that If-Match names, by strong comparison (RFC 9110 §13.1.1): a weak tag or one that is
 * not ours names none. `*`: any. Undefined: the field is malformed.
 */
export function matchRevisions(field: string): '*' | readonly number[] | undefined {
  const listed = parseTags(field);
  if (listed === undefined || listed === '*') return listed;
  return listed.flatMap(({ weak, tag }) => {
    const revision = weak ? undefined : REVISION_TAG.exec(tag)?.[1];
    return revision === undefined ? [] : [Number(revision)];
  });
}
