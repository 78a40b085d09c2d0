import { describe, expect, test } from 'vitest';
import { LogOutput } from '../../src/cli/log-output.ts';

const failing = (code: string) => Object.assign(new Error(`${code}: no`), { code });

/** An output that takes `share` bytes at once, and fails while it is told to. */
function output(share = Number.POSITIVE_INFINITY) {
  const state = {
    ...{ text: '', times: Infinity, room: Infinity },
    fails: undefined as string | undefined,
  };
  const told: string[] = [];
  const write = (bytes: Uint8Array): number => {
    if (state.fails !== undefined && state.times > 0) {
      state.times -= 1;
      throw failing(state.fails);
    }
    if (state.room < 1) throw failing('ENOSPC');
    const taken = bytes.subarray(0, Math.min(share, state.room));
    state.room -= taken.length;
    state.text += Buffer.from(taken).toString();
    return taken.length;
  };
  return { state, told, log: new LogOutput(write, (text) => told.push(text)) };
}

describe('lines of the log', () => {
  test('are written whole, however little is taken at once', () => {
    const { state, log } = output(3);
    log.write('{"msg":"started"}\n');
    expect(state.text).toBe('{"msg":"started"}\n');
  });

  test('are lost while the disk is full, which is told once, and counted when there is room', () => {
    const { state, told, log } = output();
    state.fails = 'ENOSPC';
    log.write('a\n');
    log.write('b\n');
    expect(told).toEqual([
      'the log cannot be written (ENOSPC: no): its lines are lost until it can be',
    ]);
    state.fails = undefined;
    log.write('c\n');
    log.write('d\n');
    const [lost, ...others] = state.text.trim().split('\n');
    expect(JSON.parse(`${lost}`)).toMatchObject({ level: 40, lost: 2 });
    expect(others).toEqual(['c', 'd']);
  });

  test('of which a full disk took a part do not spoil the line that counts them', () => {
    const { state, log } = output();
    state.room = 3;
    log.write('abcdef\n');
    state.room = Infinity;
    log.write('g\n');
    const [part, lost, ...others] = state.text.trim().split('\n');
    expect(part).toBe('abc');
    expect(JSON.parse(`${lost}`)).toMatchObject({ lost: 1 });
    expect(others).toEqual(['g']);
  });

  test('wait once for a reader that takes nothing more', () => {
    const { state, log } = output();
    let asked = 0;
    const stuck = new LogOutput(
      () => {
        asked += 1;
        throw failing('EAGAIN');
      },
      () => {},
    );
    stuck.write('a\n');
    const once = asked;
    for (let n = 0; n < 5; n += 1) stuck.write('b\n');
    expect(once).toBeGreaterThan(1);
    expect(asked).toBe(once + 5);
    log.write('c\n');
    expect(state.text).toBe('c\n');
  });

  test('wait for a slow reader for a while', () => {
    const { state, told, log } = output();
    Object.assign(state, { fails: 'EAGAIN', times: 2 });
    log.write('a\n');
    expect(state.text).toBe('a\n');
    expect(told).toEqual([]);
  });
});
