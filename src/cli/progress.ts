/** How far a long command has come: a bar on a terminal, else a plain line now and then. */
export interface Progress {
  /** `done` counts towards the total; `note` is what to say beside it. */
  update(done: number, note: string): void;
  /** Clears the bar, so that a line can be printed. */
  clear(): void;
}

interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const BAR = 30;

/** @param total the same unit as `done`; 0 when nobody knows it */
export function createProgress(output: Output, total: number): Progress {
  return output.isTTY === true ? bar(output, total) : lines(output, total);
}

const share = (done: number, total: number): number =>
  total <= 0 ? 0 : Math.min(1, Math.max(0, done / total));

function bar(output: Output, total: number): Progress {
  let last = '';
  return {
    update(done, note) {
      const filled = Math.round(share(done, total) * BAR);
      const text = `[${'#'.repeat(filled)}${'.'.repeat(BAR - filled)}] ${note}`;
      if (text === last) return;
      last = text;
      output.write(`\r\x1b[K${text}`);
    },
    clear() {
      if (last !== '') output.write('\r\x1b[K');
      last = '';
    },
  };
}

function lines(output: Output, total: number): Progress {
  let tenths = 0;
  return {
    update(done, note) {
      const now = Math.floor(share(done, total) * 10);
      if (now <= tenths || now === 10) return;
      tenths = now;
      output.write(`${now * 10}%: ${note}\n`);
    },
    clear() {},
  };
}
