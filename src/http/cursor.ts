import type { Reader } from '../../projections/types.ts';
import type { Edge } from './edge.ts';
import { Problem } from './problem.ts';

/**
 * What `attempt` gives, which is undefined while `after` is unknown: an unknown cursor may be an event that has
 * not been applied here yet, so it is waited for while this node is behind its store.
 * A release that is not recorded yet has an id that is known all the same.
 * @throws {Problem} view-behind, gone
 */
export async function onceKnown<T>(
  edge: Edge,
  after: string | undefined,
  attempt: () => T | undefined,
  reader: () => Reader,
): Promise<T> {
  let made = attempt();
  if (made !== undefined) return made;
  const behind = await isBehind(edge);
  const isMade = () => {
    made ??= attempt();
    return made !== undefined;
  };
  // As long for an event that the caller may not know as for one that does not exist.
  const isFound = behind ? await edge.found(after ?? '', isMade) : isMade();
  if (isFound && made !== undefined) return made;
  const isToCome = edge.queries().isToCome(reader(), after ?? '');
  if (isToCome || (behind && (await isBehind(edge)))) {
    throw new Problem('view-behind', 'the event to go on from may not have been applied here yet');
  }
  throw new Problem(
    'gone',
    '`after`, or Last-Event-ID, is no event that you may know: start again without it',
  );
}

/** Whether the store holds events that this node has not applied. */
async function isBehind(edge: Edge): Promise<boolean> {
  const head = await edge.deps.store.head();
  return head !== undefined && head.id !== edge.deps.views.status().checkpoint?.id;
}
