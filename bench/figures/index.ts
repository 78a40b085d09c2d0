import type { Group } from '../harness.ts';
import { append } from './append.ts';
import { feed } from './feed.ts';
import { feeds, lists } from './http.ts';
import { latency } from './latency.ts';
import { rebuild } from './rebuild.ts';
import { start } from './start.ts';

/** In the order of the table. The last one writes into the log that the others read. */
export const GROUPS: readonly Group[] = [append, rebuild, lists, feeds, feed, start, latency];

export const NAMES: readonly string[] = GROUPS.flatMap((group) => group.names);
