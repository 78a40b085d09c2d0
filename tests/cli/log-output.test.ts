import { describe, expect, test } from 'vitest';
import { LogOutput } from '../../src/cli/log-output.ts';

const failing = (code: string) => Object.assign(new Error(`${code}: no`), { code });

/** An output that takes `share` bytes at once, and fails while it is told to. */
function output(share = Number.POSITIVE_INFINITY) {
  const state = { text: '', fails: undefined as string | undefined, times: Infinity };
  const told: string[] = [];
  const write = (bytes: Uint8Array): number => {
    if (state.fails !== undefined && state.times > 0) {
      state.times -= 1;
      throw failing(state.fails);
    }
    const taken = bytes.subarray(0, share);
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

  test('wait for a slow reader for a while', () => {
    const { state, told, log } = output();
    Object.assign(state, { fails: 'EAGAIN', times: 2 });
    log.write('a\n');
    expect(state.text).toBe('a\n');
    Object.assign(state, { times: Infinity });
    log.write('b\n');
    expect(told).toHaveLength(1);
  });
});
