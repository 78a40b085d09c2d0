import { type AnnouncementFacts, type Claim, KEPT_LIMITS } from '../../../events/announcement.ts';
import { LIMITS } from '../../../events/values.ts';
import { Rejected } from '../rules.ts';

/**
 * A correction replaces lists as a whole, and whoever sends one has not seen all of it: claims on meetings that are
 * missing or hidden for them are left out of answers. Those stay, and the answer must not tell that they are there.
 */

/** The lists of an announcement that name meetings. */
export type Mentions = Pick<AnnouncementFacts, 'about' | 'claims'>;

/** Undefined: left as it is. */
export type SentMentions = { readonly [F in keyof Mentions]?: Mentions[F] | undefined };

/** What the writer has seen of them. `unseen`: the meetings that they do not see. */
export const seenOf = ({ about, claims }: Mentions, unseen: ReadonlySet<string>): Mentions => ({
  about: about.filter((meeting) => !unseen.has(meeting)),
  claims: claims.filter(({ meeting }) => !unseen.has(meeting)),
});

/**
 * The lists that were sent, each with what stays of those before: what is not seen keeps its place.
 * @throws {Rejected} too-many-claims
 */
export function withUnseen(
  { about, claims }: SentMentions,
  before: Mentions,
  unseen: ReadonlySet<string>,
): Partial<Mentions> {
  return {
    ...(about && { about: bounded(mergedAbout(about, before.about, unseen), KEPT_LIMITS.about) }),
    ...(claims && {
      claims: bounded(mergedClaims(claims, before.claims, unseen), KEPT_LIMITS.claims),
    }),
  };
}

const mergedAbout = (
  sent: readonly string[],
  before: readonly string[],
  unseen: ReadonlySet<string>,
): string[] => [...new Set(merged(sent, before, (meeting) => unseen.has(meeting)))];

function mergedClaims(
  sent: readonly Claim[],
  before: readonly Claim[],
  unseen: ReadonlySet<string>,
): Claim[] {
  // Whoever knows of one that they do not see may send it again.
  const isSent = ({ id, meeting }: Claim): boolean =>
    sent.some((claim) => claim.id === id && claim.meeting === meeting);
  const left = before.filter((claim) => !unseen.has(claim.meeting) || !isSent(claim));
  const taken = new Set([...sent, ...left].map(({ id }) => id));
  const named = left.map((claim) =>
    unseen.has(claim.meeting) && sent.some(({ id }) => id === claim.id)
      ? { ...claim, id: freeId(claim.id, taken) }
      : claim,
  );
  return merged(sent, named, ({ meeting }) => unseen.has(meeting));
}

/** What stays is where it was; what was sent takes the other places in order, and those after the end. */
function merged<T>(sent: readonly T[], before: readonly T[], stays: (item: T) => boolean): T[] {
  const left = [...sent];
  const items = before.flatMap((item) => (stays(item) ? [item] : left.splice(0, 1)));
  return [...items, ...left];
}

/** Ids belong to claims that the writer sees. Adds the id to `taken`. */
function freeId(id: string, taken: Set<string>): string {
  for (let count = 2; ; count += 1) {
    const suffix = `-${count}`;
    const free = id.slice(0, LIMITS.id - suffix.length) + suffix;
    if (taken.has(free)) continue;
    taken.add(free);
    return free;
  }
}

function bounded<T>(items: T[], limit: number): T[] {
  if (items.length <= limit) return items;
  throw new Rejected(
    'too-many-claims',
    `An announcement has at most ${limit} claims, and names as many meetings, with those that you do not see: send fewer.`,
  );
}
