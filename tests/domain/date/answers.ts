// Run in a process of its own by zone.test.ts: prints what the date module answers when the machine's zone
// (TZ) and luxon's clock and default zone are others. Arguments: epoch ms of "now", default zone.
import { Settings } from 'luxon';
import { earliestMs, isoInstant, latestMs, resolveWhen } from '../../../src/domain/date/index.ts';
import { LOCAL_DAYS, WALL_TIMES } from './zone-cases.ts';

const [now, zone] = process.argv.slice(2);
Settings.now = () => Number(now);
Settings.defaultZone = zone ?? 'UTC';

const walls = WALL_TIMES.map(([timezone, start]) => resolveWhen({ start, timezone }));
const days = LOCAL_DAYS.map(([timezone, edtf]) => {
  const when = resolveWhen({ edtf, timezone });
  return [isoInstant(earliestMs(when) ?? 0), isoInstant(latestMs(when) ?? 0)];
});
process.stdout.write(JSON.stringify({ walls, days }));
