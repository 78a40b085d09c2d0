import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { calendar } from '../../projections/calendar.ts';
import type { MeetingView } from '../../projections/types.ts';
import { buildView } from '../../src/views/build.ts';
import {
  openWorkshop,
  prepareView,
  rebuildOffline,
  sweepWorkshops,
} from '../../src/views/prepare.ts';
import type { BuildFile } from '../../src/views/rebuild.ts';
import { type Bench, cursed, DEFINITION, meetingsOf, openBench, rawEvent } from './support.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.close());

const viewFiles = (): string[] =>
  readdirSync(bench.views).filter((name) => name.startsWith('calendar-'));
const currentFile = (): string =>
  join(bench.views, readFileSync(join(bench.views, 'calendar.current'), 'utf8').trim());

/** Builds that go on when they are told to. The first view of a short log is built without them. */
function held() {
  const begun = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  const build: BuildFile = async ({ file, strict }, control) => {
    const { signal } = control;
    begun.resolve();
    const aborted = new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
    });
    await Promise.race([go.promise, aborted]);
    const { store } = bench;
    const job = { store, projection: calendar, definition: DEFINITION, file, strict };
    await buildView({ ...job, ...control });
  };
  return { build, begun: begun.promise, go: () => go.resolve() };
}

describe('a first build', () => {
  const fill = (count: number) =>
    bench.store.append(
      `other-${count}`,
      Array.from({ length: count }, () => rawEvent('SomethingElse', {})),
      'none',
    );

  test.each([
    ['here, of a short log', 499, 0],
    ['where it is told to, of a long one', 500, 1],
  ])('is done %s', async (_where, events, elsewhere) => {
    await fill(events);
    const { build, go } = held();
    const asked = vi.fn(build);
    go();
    const projector = bench.project({ build: asked });
    await projector.ready;
    expect(asked).toHaveBeenCalledTimes(elsewhere);
    expect(projector.status().checkpoint?.seq).toBe(events);
  });
});

describe('a rebuild', () => {
  test('replaces the view by one with the same rows, and the old file is gone', async () => {
    for (const id of ['a', 'b', 'c']) await bench.announce(id);
    const projector = bench.project();
    await projector.ready;
    const before = meetingsOf(projector);
    const old = currentFile();
    projector.rebuilder.start({ skip: false });
    await projector.rebuilder.finished();
    expect(projector.rebuilder.status).toMatchObject({ state: 'done', progress: { done: 3 } });
    expect(meetingsOf(projector)).toEqual(before);
    expect(currentFile()).not.toBe(old);
    expect(existsSync(old)).toBe(false);
    expect(viewFiles().filter((name) => name.endsWith('.db'))).toHaveLength(1);
  });

  test('lets the old view serve and take events in, until the new one has them too', async () => {
    await bench.announce('before');
    const { build, begun, go } = held();
    const projector = bench.project({ build });
    await projector.ready;
    projector.rebuilder.start({ skip: false });
    await begun;
    const id = await bench.announce('meanwhile');
    expect(await projector.waitFor(id, 5_000)).toBe(true);
    expect([...meetingsOf(projector).keys()]).toEqual(['before', 'meanwhile']);
    go();
    await projector.rebuilder.finished();
    expect([...meetingsOf(projector).keys()]).toEqual(['before', 'meanwhile']);
    const after = await bench.announce('after');
    expect(await projector.waitFor(after, 5_000)).toBe(true);
    expect(projector.status().checkpoint?.seq).toBe(3);
  });

  test('under a stream of writes ends with every event applied exactly once', async () => {
    await bench.announce('first');
    const projector = bench.project();
    await projector.ready;
    let writing = true;
    const written: string[] = ['first'];
    const writer = (async () => {
      for (let n = 0; writing; n += 1) {
        await bench.announce(`m${n}`);
        written.push(`m${n}`);
      }
    })();
    for (let round = 0; round < 3; round += 1) {
      projector.rebuilder.start({ skip: false });
      await projector.rebuilder.finished();
      expect(projector.rebuilder.status.state).toBe('done');
    }
    writing = false;
    await writer;
    await projector.waitFor(await bench.announce('last'), 5_000);
    written.push('last');
    expect(projector.status().checkpoint?.seq).toBe(written.length);
    expect([...meetingsOf(projector).keys()].toSorted()).toEqual(written.slice(0, 500).toSorted());
  });

  test('never shows a mix: readers of the old view go on with it', async () => {
    await bench.announce('a');
    const projector = bench.project();
    await projector.ready;
    const old = projector.reader();
    projector.rebuilder.start({ skip: false });
    await projector.rebuilder.finished();
    expect(projector.reader()).not.toBe(old);
    expect(old.prepare('SELECT count(*) AS n FROM meetings').get()).toEqual({ n: 1 });
  });

  test('is refused while another one runs', async () => {
    const { build, begun, go } = held();
    const projector = bench.project({ build });
    await projector.ready;
    projector.rebuilder.start({ skip: false });
    await begun;
    expect(() => projector.rebuilder.start({ skip: false })).toThrow(
      expect.objectContaining({ rule: 'rebuild-running' }),
    );
    go();
    await projector.rebuilder.finished();
    expect(projector.rebuilder.status.state).toBe('done');
  });

  test('is refused while there is no view to replace', async () => {
    const projector = bench.project();
    expect(() => projector.rebuilder.start({ skip: false })).toThrow(
      expect.objectContaining({ code: 'view-behind' }),
    );
    await projector.ready;
  });

  test('that is cancelled leaves the old view serving, and no litter', async () => {
    await bench.announce('a');
    const { build, begun } = held();
    const projector = bench.project({ build });
    await projector.ready;
    const before = viewFiles().toSorted();
    projector.rebuilder.start({ skip: false });
    await begun;
    expect(projector.rebuilder.cancel()).toBe(true);
    await projector.rebuilder.finished();
    expect(projector.rebuilder.status.state).toBe('cancelled');
    expect(viewFiles().toSorted()).toEqual(before);
    expect(await projector.waitFor(await bench.announce('b'), 5_000)).toBe(true);
    expect(projector.rebuilder.cancel()).toBe(false);
  });

  test('serves on although something in the folder cannot be deleted', async () => {
    await bench.announce('a');
    const projector = bench.project();
    await projector.ready;
    // A folder where a file of ours could be: no file operation removes it.
    mkdirSync(join(bench.views, 'calendar-00000000-0000-4000-8000-000000000000.db'));
    projector.rebuilder.start({ skip: false });
    await projector.rebuilder.finished();
    expect(projector.rebuilder.status.state).toBe('done');
    expect(await projector.waitFor(await bench.announce('b'), 5_000)).toBe(true);
    expect([...meetingsOf(projector).keys()]).toEqual(['a', 'b']);
  });

  test('does not hold up the end', async () => {
    const { build, begun } = held();
    const projector = bench.project({ build });
    await projector.ready;
    projector.rebuilder.start({ skip: false });
    await begun;
    await projector.close();
    expect(projector.rebuilder.status.state).toBe('cancelled');
  });
});

describe('a rebuild that meets an event which cannot be applied', () => {
  let spoilt: MeetingView | undefined;
  async function spoil() {
    await bench.announce('spoilt');
    const bad = rawEvent('MeetingRescheduled', { when: { edtf: 'some day' } });
    const { position } = await bench.store.append('meeting-spoilt', [bad], 0);
    await bench.announce('good');
    const projector = bench.project();
    await projector.ready;
    spoilt = meetingsOf(projector).get('spoilt');
    return { projector, position };
  }

  test('fails, names position, stream and type, and leaves the old view', async () => {
    const { projector, position } = await spoil();
    projector.rebuilder.start({ skip: false });
    await projector.rebuilder.finished();
    const { state, problem } = projector.rebuilder.status;
    expect(state).toBe('failed');
    for (const part of [
      `position ${position} `,
      'meeting-spoilt',
      'MeetingRescheduled',
      '--skip',
    ]) {
      expect(problem).toContain(part);
    }
    expect(meetingsOf(projector).get('spoilt')).toEqual(spoilt);
  });

  test('sets it aside when told to', async () => {
    const { projector } = await spoil();
    projector.rebuilder.start({ skip: true });
    await projector.rebuilder.finished();
    expect(projector.rebuilder.status.state).toBe('done');
    expect(meetingsOf(projector).get('spoilt')).toEqual(spoilt);
    expect(projector.status().quarantined).toEqual(['meeting-spoilt']);
  });
});

describe('a rebuild that meets an event whose rows cannot be written', () => {
  const projection = cursed('meeting-cursed');
  async function curse() {
    for (const id of ['good', 'cursed', 'later']) await bench.announce(id);
    const projector = bench.project({ projection });
    await projector.ready;
    return projector;
  }

  test('names it, although the fast build only fails later', async () => {
    const projector = await curse();
    projector.rebuilder.start({ skip: false });
    await projector.rebuilder.finished();
    const { state, problem } = projector.rebuilder.status;
    expect(state).toBe('failed');
    expect(problem).toMatch(/position 2 \(stream meeting-cursed, revision 0, MeetingAnnounced\)/);
    expect([...meetingsOf(projector).keys()]).toEqual(['good', 'later']);
    expect(viewFiles().filter((name) => name.endsWith('.db'))).toHaveLength(1);
  });

  test('sets it aside when told to, and says that it takes longer', async () => {
    const projector = await curse();
    const old = currentFile();
    bench.logged.length = 0;
    projector.rebuilder.start({ skip: true });
    await projector.rebuilder.finished();
    expect(projector.rebuilder.status).toMatchObject({ state: 'done', progress: { done: 3 } });
    expect(currentFile()).not.toBe(old);
    expect(projector.status().quarantined).toEqual(['meeting-cursed']);
    expect(bench.logged).toContainEqual(
      expect.objectContaining({ message: 'the fast build failed: applying in batches' }),
    );
    expect(await projector.waitFor(await bench.announce('after'), 5_000)).toBe(true);
    expect([...meetingsOf(projector).keys()]).toEqual(['after', 'good', 'later']);
  });

  test('so does one without a server, and one beside it', async () => {
    const projector = await curse();
    await projector.close();
    const options = { folder: bench.views, store: bench.store, projection };
    expect(await rebuildOffline({ ...options, definition: DEFINITION })).toBe(3);
    expect(await prepareView({ ...options, definition: `${DEFINITION} 2` })).toBe(3);
    await expect(
      rebuildOffline({ ...options, definition: DEFINITION, strict: true }),
    ).rejects.toMatchObject({ code: 'dead-letter' });
    expect(readdirSync(join(bench.views, 'prepare'))).toEqual(['owner.db']);
  });
});

test('what killed work left in its folder goes at the next start, and what is worked in stays', () => {
  mkdirSync(join(bench.views, 'prepare'));
  const litter = join(bench.views, 'prepare', 'calendar-00000000-0000-4000-8000-000000000000.db');
  writeFileSync(litter, 'litter');
  const workshop = openWorkshop(bench.views, 'verify');
  const work = join(workshop.folder, 'calendar.db');
  writeFileSync(work, 'work');
  sweepWorkshops(bench.views);
  expect(existsSync(litter)).toBe(false);
  expect(existsSync(work)).toBe(true);
  workshop.close();
});
