import { createCalendars } from '../../../src/calendars.ts';
import { createFeedMaker } from '../../../src/feed-maker.ts';
import type { AppDeps } from '../../../src/http/deps.ts';
import type { TestViews } from './views.ts';

/** The feeds that users get, in place of the stand-in that other tests of the edge are content with. */
export function realCalendars({ views, clock }: AppDeps): Partial<AppDeps> {
  const { entries, queries } = views as TestViews;
  const publicUrl = 'https://calendar.example';
  const rows = entries.call(views);
  const calendars = createCalendars({
    entries: rows,
    feeds: createFeedMaker({ entries: rows, clock, publicUrl }),
    version: () => views.version,
    until: (reader, nowMs) =>
      queries.call(views as TestViews)?.boundary(reader, nowMs).untilMs ?? 0,
    publicUrl,
  });
  return { calendars: () => calendars };
}
