import type { Group } from '../harness.ts';
import { accessChecks } from './access-checks.ts';
import { append } from './append.ts';
import { cluster } from './cluster.ts';
import { duringRebuild } from './during-rebuild.ts';
import { feed } from './feed.ts';
import { feeds, lists, pastLists } from './http.ts';
import { latency } from './latency.ts';
import { rebuild } from './rebuild.ts';
import { start } from './start.ts';
import { verify } from './verify.ts';

/** In the order of the table. The last one writes into the log that the others read. */
export const GROUPS: readonly Group[] = [
  append,
  rebuild,
  verify,
  lists,
  pastLists,
  accessChecks,
  feeds,
  feed,
  start,
  cluster,
  duringRebuild,
  latency,
];

export const NAMES: readonly string[] = GROUPS.flatMap((group) => group.names);
